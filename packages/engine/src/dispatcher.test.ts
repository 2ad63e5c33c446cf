import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from './test-support.js';

const ID = '11111111-2222-4333-8444-555555555555';

function alive(worker: TestWorker): boolean {
  worker.take('pong');
  worker.send({ type: 'ping' });
  return worker.got('pong').length === 1;
}

describe('a frame that cannot be read', () => {
  it.each([
    'not json',
    '[]',
    '"x"',
    '{}',
    '{"type":"nonsense"}',
    '{"type":"registerfunction"}',
    '{"type":"error","error":{"code":"c","message":"m"}}',
    '{"type":"workerregistered","worker_id":"x"}',
    '{"type":"registrationrejected","code":"c","namespace":"n","owner_worker_id":""}',
    '   \n ',
    '',
  ])('leaves the connection as it was: %s', (text) => {
    const worker = new TestEngine().worker('w');
    worker.inbox.length = 0;
    worker.send(text);
    expect(worker.inbox).toEqual([]);
    expect(alive(worker)).toBe(true);
  });

  it('is answered when it was a call with an id', () => {
    const worker = new TestEngine().worker('w');
    worker.send({ type: 'invokefunction', invocation_id: ID, function_id: 'f', action: { type: 'later' } });
    expect(worker.answer(ID)).toEqual({
      type: 'invocationresult',
      invocation_id: ID,
      function_id: 'f',
      error: { code: 'invalid_request', message: expect.stringContaining('"action"') as string },
    });
  });

  it('is answered even when it is no JSON, as a payload of NaN is not', () => {
    const worker = new TestEngine().worker('w');
    worker.send(`{"function_id": "f", "data": NaN, "invocation_id": "${ID}", "type": "invokefunction"}`);
    expect(worker.answer(ID)?.error).toMatchObject({ code: 'invalid_request' });
  });

  it('is answered when it was a trigger registration with an id', () => {
    const worker = new TestEngine().worker('w');
    worker.send({ type: 'registertrigger', id: 'T', trigger_type: 'http', function_id: 5 });
    expect(worker.got('triggerregistrationresult')).toEqual([
      {
        type: 'triggerregistrationresult',
        id: 'T',
        trigger_type: 'http',
        function_id: '',
        error: { code: 'invalid_request', message: expect.stringContaining('"function_id"') as string },
      },
    ]);
  });

  it('is logged, but not a thousand times', () => {
    const engine = new TestEngine();
    const worker = engine.worker('noisy');
    for (let i = 0; i < 1000; i++) worker.send('{');
    expect(engine.warnings()).toHaveLength(5);
    engine.clock.advance(10_000);
    worker.send('{');
    expect(engine.lines.at(-1)).toMatchObject({
      level: 'warn',
      fields: { worker: 'noisy', problem: 'malformed', suppressed: 995 },
    });
  });
});

describe('binary messages', () => {
  const encode = (text: string) => new TextEncoder().encode(text);

  it('are read as frames', () => {
    const worker = new TestEngine().worker('w');
    worker.sendBinary(encode('{"type":"ping"}'));
    expect(worker.got('pong')).toHaveLength(1);
  });

  it.each(['OTLP', 'MTRC', 'LOGS'])('with the prefix %s are telemetry and get no answer', (prefix) => {
    const engine = new TestEngine();
    const worker = engine.worker('w');
    worker.inbox.length = 0;
    worker.sendBinary(encode(`${prefix}{"resourceSpans":[]}`));
    expect([worker.inbox, engine.warnings()]).toEqual([[], []]);
  });

  it('that are not UTF-8 are dropped', () => {
    const worker = new TestEngine().worker('w');
    worker.sendBinary(new Uint8Array([...encode('{"type":"ping","x":"'), 0xff, ...encode('"}')]));
    expect(worker.got('pong')).toEqual([]);
    expect(alive(worker)).toBe(true);
  });
});

it('a JSON ping is answered at once, also before the announcement', () => {
  expect(alive(new TestEngine().connect())).toBe(true);
});

it('no sequence of valid and damaged frames makes the engine throw or forget its own', () => {
  const ids = fc.constantFrom('a', 'b', 'engine::x', '');
  const uuid = fc.constantFrom(ID, '21111111-2222-4333-8444-555555555555');
  const frame = fc.oneof(
    fc.record({ type: fc.constant('registerfunction'), id: ids }),
    fc.record({ type: fc.constant('unregisterfunction'), id: ids }),
    fc.record({ type: fc.constant('registertriggertype'), id: ids }),
    fc.record({ type: fc.constant('unregistertriggertype'), id: ids }),
    fc.record({
      type: fc.constant('registertrigger'),
      id: ids,
      trigger_type: fc.oneof(ids, fc.constant('engine::workers-available')),
      function_id: ids,
      config: fc.jsonValue(),
      namespace: fc.option(fc.constantFrom('', 'default', 'n'), { nil: undefined }),
    }),
    fc.record({ type: fc.constant('unregistertrigger'), id: ids }),
    fc.record({
      type: fc.constant('triggerregistrationresult'),
      id: ids,
      trigger_type: ids,
      function_id: ids,
    }),
    fc.record({
      type: fc.constant('invokefunction'),
      function_id: fc.oneof(
        ids,
        fc.constant('engine::workers::register'),
        fc.constant('engine::register_trigger'),
      ),
      invocation_id: fc.option(uuid, { nil: undefined }),
      data: fc.oneof(fc.jsonValue(), fc.record({ trigger_type: ids, function_id: ids, namespace: ids })),
      action: fc.option(fc.constantFrom({ type: 'void' }, { type: 'enqueue', queue: 'q' }), {
        nil: undefined,
      }),
    }),
    fc.record({ type: fc.constant('invocationresult'), invocation_id: uuid, function_id: ids }),
    fc.record({ type: fc.constant('reattach'), previous_worker_id: uuid }),
    fc.record({ type: fc.constant('reattach'), previous_worker_id: fc.constant('x') }),
  );
  const damaged = fc.tuple(frame, fc.nat(), fc.string({ maxLength: 2 })).map(([value, at, put]) => {
    const text = JSON.stringify(value);
    const from = at % text.length;
    return text.slice(0, from) + put + text.slice(from + 1);
  });
  const step = fc.tuple(
    fc.nat(2),
    fc.oneof({ weight: 4, arbitrary: frame }, { weight: 1, arbitrary: damaged }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const engine = new TestEngine();
      const workers = [engine.worker('one'), engine.worker('two'), engine.connect()];
      for (const [who, what] of steps) workers[who]?.send(what);
      for (const worker of workers) worker.disconnect();
      const { core } = engine;
      expect(core.sessions.size).toBe(0);
      expect(core.router.inFlight.size).toBe(0);
      expect([...core.functions.entries()].every((entry) => entry.id.startsWith('engine::'))).toBe(true);
      expect([...core.triggers.placement.types.entries()].map((type) => type.id).sort()).toEqual([
        'engine::functions-available',
        'engine::workers-available',
      ]);
      expect([...core.triggers.bindings.values()].every((binding) => binding.ownerless)).toBe(true);
    }),
    { numRuns: 300 },
  );
});
