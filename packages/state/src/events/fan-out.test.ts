import { type RawJson, rawFromText, textOfRaw } from 'iii-protocol';
import { LogBook, ManualClock } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import type { Change } from '../changes.js';
import type { Binding } from './binding.js';
import { BindingTable } from './binding-table.js';
import { FanOut, type FanOutSettings } from './fan-out.js';

interface Call {
  readonly functionId: string;
  readonly key: string;
  readonly value: unknown;
  readonly timeoutMs: number | undefined;
  answer(): void;
  fail(error: Error): void;
}

/** Calls that are answered when a test says so. */
class HeldCalls {
  readonly open: Call[] = [];
  most = 0;

  readonly trigger = (request: { function_id: string; payload: RawJson; timeoutMs?: number }) =>
    new Promise<RawJson | undefined>((resolve, reject) => {
      const { key, new_value: value } = JSON.parse(textOfRaw(request.payload)) as Record<string, string>;
      const call: Call = {
        functionId: request.function_id,
        key: key ?? '',
        value,
        timeoutMs: request.timeoutMs,
        answer: () => this.#end(call, () => resolve(undefined)),
        fail: (error) => this.#end(call, () => reject(error)),
      };
      this.open.push(call);
      this.most = Math.max(this.most, this.open.length);
    });

  get shown(): string[] {
    return this.open.map(({ functionId, key, value }) => `${functionId} ${key}=${value}`);
  }

  #end(call: Call, settle: () => void): void {
    this.open.splice(this.open.indexOf(call), 1);
    settle();
  }
}

const change = (key: string, value: string | undefined): Change => ({
  scope: 's',
  key,
  before: undefined,
  after: value === undefined ? undefined : rawFromText(value),
  expired: false,
});

const binding = (id: string, more: Partial<Binding> = {}): Binding => ({
  id,
  functionId: id,
  namespace: 'default',
  scope: undefined,
  key: undefined,
  condition: undefined,
  metadata: undefined,
  ...more,
});

function setUp(settings: Partial<FanOutSettings> = {}, ...bound: Binding[]) {
  const calls = new HeldCalls();
  const bindings = new BindingTable();
  for (const one of bound) bindings.put(one);
  const log = new LogBook();
  const clock = new ManualClock();
  const all = { timeoutMs: 1_000, concurrency: 100, maxWaitingBytes: 1_000_000, ...settings };
  const fanOut = new FanOut({ calls, bindings, clock, log, settings: () => all });
  return { calls, bindings, log, clock, fanOut };
}

/** Lets everything that is ready to run do so. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('delivery', () => {
  it('of one key is in order, and of different keys and triggers at the same time', async () => {
    const { calls, fanOut } = setUp({}, binding('f'), binding('g', { key: 'a' }));
    fanOut.publish([change('a', '1'), change('b', '1'), change('a', '2'), change('a', '3')]);
    expect(calls.shown.sort()).toEqual(['f a=1', 'f b=1', 'g a=1']);
    calls.open.find(({ functionId, key }) => functionId === 'f' && key === 'a')?.answer();
    await settled();
    expect(calls.shown.sort()).toEqual(['f a=2', 'f b=1', 'g a=1']);
    fanOut.publish([change('a', '4')]);
    for (const expected of ['f a=3', 'f a=4']) {
      calls.open.find(({ functionId, key }) => functionId === 'f' && key === 'a')?.answer();
      await settled();
      expect(calls.shown).toContain(expected);
    }
  });

  it('goes on after a handler that fails, and gives each the time it may take', async () => {
    const { calls, fanOut, log } = setUp({ timeoutMs: 77 }, binding('f'));
    fanOut.publish([change('a', '1'), change('a', '2')]);
    expect(calls.open[0]?.timeoutMs).toBe(77);
    calls.open[0]?.fail(new Error('TIMEOUT'));
    await settled();
    expect(calls.shown).toEqual(['f a=2']);
    expect(log.messages('error')).toHaveLength(1);
  });

  it('makes no more calls at a time than it may, and comes to everyone in turn', async () => {
    const { calls, fanOut } = setUp({ concurrency: 2 }, binding('f'));
    fanOut.publish(['a', 'a', 'a', 'b', 'c'].map((key, index) => change(key, String(index))));
    const order: string[] = [];
    while (calls.open.length > 0) {
      order.push(calls.shown[0] ?? '');
      calls.open[0]?.answer();
      await settled();
    }
    expect(calls.most).toBe(2);
    expect(order).toEqual(['f a=0', 'f b=3', 'f c=4', 'f a=1', 'f a=2']);
  });

  it('is to the binding as it is by then', async () => {
    const { calls, bindings, fanOut } = setUp({}, binding('f'), binding('g'));
    fanOut.publish([change('a', '1'), change('a', '2'), change('a', '3')]);
    bindings.put(binding('f', { functionId: 'other' }));
    bindings.remove('g');
    calls.open.find(({ functionId }) => functionId === 'f')?.answer();
    calls.open.find(({ functionId }) => functionId === 'g')?.answer();
    await settled();
    expect(calls.shown).toEqual(['other a=2']);
    bindings.put(binding('f', { key: 'b' }));
    calls.open[0]?.answer();
    await settled();
    expect(calls.shown).toEqual([]);
  });

  it('loses what does not fit into its budget, says so, and goes on when there is room', async () => {
    const { calls, fanOut, log, clock } = setUp({ maxWaitingBytes: 1_500 }, binding('f'));
    const many = Array.from({ length: 10 }, (_, index) => change('a', String(index)));
    fanOut.publish(many);
    const lost = log.lines.filter(({ message }) => message.startsWith('events of state are lost'));
    expect(lost).toHaveLength(1);
    const heard: unknown[] = [];
    const drain = async () => {
      while (calls.open[0] !== undefined) {
        heard.push(calls.open[0].value);
        calls.open[0].answer();
        await settled();
      }
    };
    await drain();
    const fitted = heard.length;
    expect(fitted).toBeGreaterThan(1);
    expect(fitted).toBeLessThan(10);
    expect(heard).toEqual(Array.from({ length: fitted }, (_, index) => index));
    clock.advance(60_000);
    fanOut.publish([change('a', '99')]);
    await drain();
    expect(heard.at(-1)).toBe(99);
    fanOut.publish(many);
    expect(log.lines.at(-1)?.fields).toMatchObject({ events: 10 - fitted });
    await drain();
  });

  it('of one event alone is never refused for its size, unless no message could carry it', async () => {
    const { calls, fanOut, log } = setUp({ maxWaitingBytes: 10 }, binding('f'));
    fanOut.publish([change('a', `"${'x'.repeat(100_000)}"`)]);
    expect(calls.open).toHaveLength(1);
    fanOut.publish([change('b', `"${'x'.repeat(64 * 1024 * 1024)}"`)]);
    expect(calls.open).toHaveLength(1);
    expect(log.messages('error')).toEqual([expect.stringContaining('do not fit into one message')]);
  });

  it('is finished before it ends, or dropped when there is no time', async () => {
    const { calls, fanOut } = setUp({}, binding('f'));
    fanOut.publish([change('a', '1'), change('a', '2')]);
    let isFinished = false;
    const finished = fanOut.finish(new AbortController().signal).then(() => {
      isFinished = true;
    });
    calls.open[0]?.answer();
    await settled();
    expect(isFinished).toBe(false);
    calls.open[0]?.answer();
    await finished;
    const late = setUp({}, binding('f'));
    late.fanOut.publish([change('a', '1'), change('a', '2')]);
    const abort = new AbortController();
    const dropped = late.fanOut.finish(abort.signal);
    abort.abort();
    await dropped;
    expect(late.log.lines).toMatchObject([{ level: 'warn', fields: { events: 1 } }]);
    late.calls.open[0]?.answer();
    await settled();
    expect(late.calls.open).toEqual([]);
  });

  it('makes no payload when nobody listens', () => {
    const { fanOut } = setUp({}, binding('f', { scope: 'other' }));
    const untouchable = { scope: 's', key: 'k', expired: false } as Partial<Change>;
    for (const name of ['before', 'after']) {
      Object.defineProperty(untouchable, name, {
        get: () => {
          throw new Error('looked at');
        },
      });
    }
    fanOut.publish([untouchable as Change]);
  });
});
