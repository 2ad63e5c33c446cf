import { joinFrames, PART_BYTES } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { partsOf, TestEngine, type TestWorker } from '../test-support.js';
import {
  Intake,
  LONG_MESSAGE_BYTES,
  MAX_KEPT_BYTES,
  MAX_WAITING_BYTES,
  MAX_WAITING_MESSAGES,
} from './intake.js';

const MIB = 1024 * 1024;
/** Before what a part holds. */
const HEAD_BYTES = 8;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function setup() {
  const engine = new TestEngine();
  const provider = engine.worker('provider').offer('text::keep');
  const caller = engine.worker('caller');
  const failures: unknown[] = [];
  const { dispatcher, kept } = engine.core;
  const intakeOf = (worker: TestWorker) =>
    new Intake(dispatcher, worker.session, kept, (error) => failures.push(error));
  const intake = intakeOf(caller);
  const call = (id: number, length: number, more = '') =>
    Buffer.from(
      `{"type":"invokefunction","invocation_id":"00000000-0000-4000-8000-00000000000${id}",` +
        `"function_id":"text::keep","data":{"n":${id},"text":"${'x'.repeat(length)}"${more}}}`,
    );
  const arrived = () => numbers(provider);
  return { engine, provider, caller, intake, intakeOf, failures, kept, call, arrived };
}

function numbers(provider: TestWorker): unknown[] {
  return provider.got('invokefunction').map(({ data }) => (data as { n: number }).n);
}

async function until(holds: () => boolean): Promise<number> {
  for (let turns = 0; ; turns++) {
    if (holds()) return turns;
    if (turns > 1_000) throw new Error('in vain');
    await turn();
  }
}

describe('what comes on a connection', () => {
  it('is read at once when it is short', () => {
    const { intake, call, arrived } = setup();
    intake.take(call(1, 10), false);
    expect(arrived()).toEqual([1]);
  });

  it('is read in steps when it is long, and comes out whole', async () => {
    const { intake, provider, call, arrived } = setup();
    intake.take(call(1, 5 * LONG_MESSAGE_BYTES), false);
    expect(arrived()).toEqual([]);
    expect(await until(() => arrived().length === 1)).toBeGreaterThan(3);
    const texts = provider.got('invokefunction').map(({ data }) => (data as { text: string }).text);
    expect(texts[0] === 'x'.repeat(5 * LONG_MESSAGE_BYTES)).toBe(true);
  });

  it('leaves turns to others while something long is read', async () => {
    const { engine, intake, provider, call, arrived } = setup();
    const other = engine.worker('other');
    intake.take(call(1, 10 * LONG_MESSAGE_BYTES), false);
    await turn();
    other.call('text::keep', { n: 7 });
    expect(numbers(provider)).toEqual([7]);
    await until(() => arrived().length === 2);
  });

  it('keeps its order, long and short', async () => {
    const { intake, call, arrived } = setup();
    for (const [id, length] of [10, 2 * LONG_MESSAGE_BYTES, 10, 10, 3 * LONG_MESSAGE_BYTES, 10].entries()) {
      intake.take(call(id, length), false);
    }
    expect(arrived()).toEqual([0]);
    await until(() => arrived().length === 6);
    expect(arrived()).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('counts, all of it, when the connection ends', () => {
    const { intake, call, arrived } = setup();
    for (const id of [1, 2, 3]) intake.take(call(id, 2 * LONG_MESSAGE_BYTES), false);
    intake.finish();
    expect(arrived()).toEqual([1, 2, 3]);
  });

  it('is read as fast as possible when too much waits behind something long', () => {
    const { intake, call, arrived } = setup();
    for (let id = 0; id < 5; id++) intake.take(call(id, 4 * MIB), false);
    expect(arrived().length).toBeGreaterThanOrEqual(4);
  });

  it('is kept up to a bound behind something long, and nothing is kept once it is read', async () => {
    const { intake, kept, call, arrived } = setup();
    const short = call(2, LONG_MESSAGE_BYTES / 2);
    intake.take(call(1, 2 * LONG_MESSAGE_BYTES), false);
    const fits = Math.floor(MAX_WAITING_BYTES / short.length);
    for (let n = 0; n < fits; n++) intake.take(short, false);
    expect(arrived()).toEqual([]);
    expect(kept.total).toBeGreaterThan(fits * short.length);
    intake.take(short, false);
    expect(arrived()[0]).toBe(1);
    expect(kept.total).toBe(0);
  });

  it('is bounded in number, too', () => {
    const { intake, kept, call, arrived } = setup();
    intake.take(call(1, 2 * LONG_MESSAGE_BYTES), false);
    for (let n = 0; n < MAX_WAITING_MESSAGES; n++) intake.take(Buffer.from('{"type":"ping"}'), false);
    expect(arrived()).toEqual([]);
    intake.take(call(2, 10), false);
    expect([arrived(), kept.total]).toEqual([[1, 2], 0]);
  });

  it('is read in one go where all connections together keep as much as they may', async () => {
    const { engine, intake, intakeOf, kept, call, arrived } = setup();
    const other = intakeOf(engine.worker('other'));
    intake.take(call(1, 2 * LONG_MESSAGE_BYTES), false);
    kept.change(MAX_KEPT_BYTES - 3 * LONG_MESSAGE_BYTES);
    other.take(call(2, 2 * LONG_MESSAGE_BYTES), false);
    expect(arrived()).toEqual([2]);
    await until(() => arrived().length === 2);
  });

  it('is refused as ever when it is long and broken, and what is behind it is not', async () => {
    const { engine, intake, caller, call, arrived } = setup();
    intake.take(call(1, 2 * LONG_MESSAGE_BYTES, ',"open":['), false);
    intake.take(call(2, 10), false);
    await until(() => arrived().length === 1);
    expect(arrived()).toEqual([2]);
    expect(engine.warnings().join()).toContain('not valid JSON');
    expect(caller.answer('00000000-0000-4000-8000-000000000001')?.error).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('that is binary must be UTF-8, however long it is', async () => {
    const { engine, intake, call, arrived } = setup();
    const broken = call(1, 2 * LONG_MESSAGE_BYTES);
    broken[broken.length - 10] = 0xff;
    intake.take(broken, true);
    intake.take(call(2, 2 * LONG_MESSAGE_BYTES), true);
    await until(() => arrived().length === 1);
    expect(arrived()).toEqual([2]);
    expect(engine.warnings().join()).toContain('not UTF-8');
  });

  it('may be a frame in parts, which is dealt with as soon as it is whole', () => {
    const { intake, kept, call, arrived } = setup();
    const frame = call(1, 2 * MIB);
    const parts = partsOf(frame);
    intake.take(call(0, 10), false);
    for (const part of parts.slice(0, -1)) intake.take(part, true);
    const last = parts.at(-1) ?? frame;
    expect([arrived(), kept.total]).toEqual([[0], frame.length - (last.length - HEAD_BYTES)]);
    intake.take(last, true);
    expect([arrived(), kept.total]).toEqual([[0, 1], 0]);
    for (const id of [2, 3]) for (const part of partsOf(call(id, 2 * MIB))) intake.take(part, true);
    expect(arrived()).toEqual([0, 1, 2, 3]);
  });

  it('may be several frames in one message, read in their order, where that has been agreed', async () => {
    const { engine, intake, caller, call, arrived } = setup();
    const both = joinFrames([call(1, 10), call(2, 10)]);
    intake.take(both, false);
    expect(arrived()).toEqual([]);
    expect(engine.warnings().join()).toContain('not valid JSON');
    caller.agreeOn('batch');
    intake.take(both, false);
    expect(arrived()).toEqual([1, 2]);
    intake.take(call(3, 2 * LONG_MESSAGE_BYTES), false);
    intake.take(joinFrames([call(4, 10), call(5, 10)]), false);
    expect(arrived()).toEqual([1, 2]);
    await until(() => arrived().length === 5);
    expect(arrived()).toEqual([1, 2, 3, 4, 5]);
  });

  it('is refused frame by frame where it is several of which one is broken, or is several itself', () => {
    const { engine, intake, caller, call, arrived } = setup();
    caller.agreeOn('batch');
    const nested = joinFrames([call(7, 10)]);
    intake.take(joinFrames([call(1, 10), Buffer.from('{"type":'), nested, call(2, 10)]), false);
    expect(arrived()).toEqual([1, 2]);
    expect(engine.warnings()).toHaveLength(2);
    expect(caller.session.isOpen).toBe(true);
  });

  it('ends the connection when it says that it is several frames and is not', () => {
    const { intake, caller, call, arrived } = setup();
    caller.agreeOn('batch');
    const cut = joinFrames([call(1, 10), call(2, 10)]).subarray(0, -1);
    intake.take(cut, false);
    intake.take(call(3, 10), false);
    expect(arrived()).toEqual([1]);
    const length = call(2, 10).length;
    expect(caller.closed).toEqual({
      code: 1002,
      reason: `the last frame of a batch is cut off: ${length} bytes are said, ${length - 1} are there`,
    });
  });

  it('lets others have a turn after each part, and after nothing else', () => {
    const { engine, call } = setup();
    const { dispatcher, kept } = engine.core;
    let turns = 0;
    const { session } = engine.worker('paced');
    const paced = new Intake(
      dispatcher,
      session,
      kept,
      () => {},
      () => turns++,
    );
    paced.take(call(1, 10), false);
    expect(turns).toBe(0);
    const parts = partsOf(call(2, MIB));
    for (const part of parts) paced.take(part, true);
    expect(turns).toBe(parts.length);
  });

  it('keeps its order when a frame in parts follows one that is read in steps', () => {
    const { intake, kept, call, arrived } = setup();
    intake.take(call(1, 4 * LONG_MESSAGE_BYTES), false);
    intake.take(call(2, 10), false);
    for (const part of partsOf(call(3, MIB))) intake.take(part, true);
    expect([arrived(), kept.total]).toEqual([[1, 2, 3], 0]);
  });

  it('may be a frame in parts that has to be read from its beginning, which is done in steps', async () => {
    const { intake, kept, call, arrived } = setup();
    const name = `"${'n'.repeat(2 * PART_BYTES)}":1`;
    for (const part of partsOf(call(1, PART_BYTES, `,${name}`))) intake.take(part, true);
    intake.take(call(2, 10), false);
    expect(arrived()).toEqual([]);
    await until(() => arrived().length === 2);
    expect([arrived(), kept.total]).toEqual([[1, 2], 0]);
  });

  it('is refused as ever when it is in parts and broken', async () => {
    const { engine, intake, caller, call, arrived } = setup();
    for (const part of partsOf(call(1, 2 * PART_BYTES, ',"open":['))) intake.take(part, true);
    const notUtf8 = call(2, 2 * PART_BYTES);
    notUtf8[notUtf8.length - 10] = 0xff;
    for (const part of partsOf(notUtf8)) intake.take(part, true);
    for (const part of partsOf(call(3, 2 * PART_BYTES))) intake.take(part, true);
    await until(() => arrived().length === 1);
    expect(arrived()).toEqual([3]);
    expect(engine.warnings().join()).toContain('not valid JSON');
    expect(engine.warnings().join()).toContain('not UTF-8');
    expect(caller.answer('00000000-0000-4000-8000-000000000001')?.error).toMatchObject({
      code: 'invalid_request',
    });
  });

  it('does not count when it is in parts and the end does not come', () => {
    const { intake, kept, call, arrived } = setup();
    const [first = Buffer.alloc(0)] = partsOf(call(1, MIB));
    intake.take(first, true);
    expect(kept.total).toBe(PART_BYTES);
    intake.close();
    expect([arrived(), kept.total]).toEqual([[], 0]);
  });

  it.each([
    [1002, '{"type":"ping"}', 'something else came where 1048776 bytes of a frame in parts were left'],
    [1002, 'PART\0\0\0\x02{}', 'a part says that 2 bytes are left of a frame of which 1048776 are'],
  ])('ends the connection with %d when %j comes between parts', (code, message, why) => {
    const { engine, intake, caller, kept } = setup();
    const [first = Buffer.alloc(0), next = first] = partsOf(Buffer.alloc(MIB + 200 + PART_BYTES));
    intake.take(first, true);
    intake.take(Buffer.from(message), message.startsWith('PART'));
    expect(caller.closed).toEqual({ code, reason: why });
    expect(engine.warnings().join()).toContain(why);
    expect(kept.total).toBe(0);
    intake.take(next, true);
    expect(kept.total).toBe(0);
  });

  it('ends the connection when a frame in parts is longer than one may be', () => {
    const { engine, intake, caller, kept } = setup();
    const most = engine.core.env.limits.maxMessageBytes;
    intake.take(Buffer.from('PART\xff\xff\xff\xff{', 'latin1'), true);
    expect(caller.closed).toEqual({
      code: 1009,
      reason: `a frame of 4294967295 bytes, where ${most} may come`,
    });
    expect(kept.total).toBe(0);
  });

  it('tells of a defect instead of throwing it where nobody catches', async () => {
    const { engine, intake, failures, kept, call } = setup();
    const defect = new Error('a defect');
    engine.core.router.invoke = () => {
      throw defect;
    };
    intake.take(call(1, 2 * LONG_MESSAGE_BYTES), false);
    intake.take(call(2, 10), false);
    await until(() => failures.length > 0);
    expect([failures, kept.total]).toEqual([[defect], 0]);
    intake.take(call(1, 2 * LONG_MESSAGE_BYTES), false);
    expect(() => intake.finish()).toThrow(defect);
    expect(kept.total).toBe(0);
  });
});
