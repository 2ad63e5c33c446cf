import { type IIIClient, registerWorker } from 'iii-sdk';
import { TriggerAction } from 'official-iii-sdk';
import { expect } from 'vitest';
import { type OfficialClient, offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

interface Failure {
  readonly name: string;
  readonly code: string;
  readonly message: string;
  readonly stacktrace?: string;
}

async function failure(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (error) {
    return error as Failure;
  }
  throw new Error('the call succeeded');
}

await onBothDrivers('invocations', (bench, check) => {
  /** Two official clients, of which the first offers a function. */
  async function pair(handler: (data: unknown, metadata?: unknown) => Promise<unknown>) {
    const provider = bench.official('provider');
    const caller = bench.official('caller');
    provider.registerFunction('call::f', handler);
    await offered(caller, 'call::f');
    return { provider, caller };
  }

  const call = (client: OfficialClient, payload: unknown = {}, more: object = {}) =>
    client.trigger({ function_id: 'call::f', payload, ...more });

  check('§20.12 a call is answered', async () => {
    const { caller } = await pair(async (data) => ({ got: data }));
    expect(await call(caller, [1, 2])).toEqual({ got: [1, 2] });
  });

  check('§20.12 a void call is executed and not answered', async () => {
    let done: (data: unknown) => void = () => {};
    const executed = new Promise((resolve) => (done = resolve));
    const { caller } = await pair(async (data) => done(data));
    expect(await call(caller, 'go', { action: TriggerAction.Void() })).toBeUndefined();
    expect(await executed).toBe('go');
  });

  check('§20.12 a call without an id is executed under one of the engine’s', async () => {
    const provider = (await bench.worker('provider')).offer('call::f');
    await provider.settled();
    const caller = await bench.worker('caller');
    caller.send({ type: 'invokefunction', function_id: 'call::f', data: 1 });
    const invocation = await provider.invocation();
    expect(invocation.invocation_id).toMatch(/^[0-9a-f-]{36}$/);
    provider.respond(invocation, { result: 2 });
    await provider.settled();
    await caller.settled();
    expect(caller.frames.filter(({ type }) => type === 'invocationresult')).toEqual([]);
  });

  check('§20.12 enqueueing without a queue worker says what is missing', async () => {
    const caller = bench.official('caller');
    const error = await failure(
      caller.trigger({ function_id: 'call::f', payload: {}, action: TriggerAction.Enqueue({ queue: 'q' }) }),
    );
    expect(error.code).toBe('enqueue_error');
    expect(error.message).toContain('engine::queue::enqueue');
    expect(error.message).toContain('iii worker add queue');
  });

  check(
    '§20.12 enqueueing hands the job to the queue worker and gives a receipt of the engine’s',
    async () => {
      const queue = bench.official('queue');
      const jobs: Array<{ messageReceiptId: string }> = [];
      queue.registerFunction('engine::queue::enqueue', async (job) => {
        jobs.push(job as { messageReceiptId: string });
        return { messageReceiptId: 'not this one' };
      });
      const caller = bench.official('caller');
      await offered(caller, 'engine::queue::enqueue');
      const receipt = await caller.trigger({
        function_id: 'orders::process',
        payload: { n: 1 },
        action: TriggerAction.Enqueue({ queue: 'orders' }),
      });
      expect(jobs).toMatchObject([{ queue: 'orders', function_id: 'orders::process', data: { n: 1 } }]);
      expect(receipt).toEqual({ messageReceiptId: jobs[0]?.messageReceiptId });
    },
  );

  check('§20.13 objects carry the caller’s worker id, other payloads do not', async () => {
    const { caller } = await pair(async (data) => ({ data }));
    const seen = async (payload: unknown) => ((await call(caller, payload)) as { data: unknown }).data;
    expect(await seen({ a: 1, _caller_worker_id: 'forged' })).toEqual({
      a: 1,
      _caller_worker_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
    });
    expect(await seen([1])).toEqual([1]);
    expect(await seen('text')).toBe('text');
    expect(await seen(null)).toBeNull();
  });

  check('§20.13 trigger fires do not carry it', async () => {
    const watcher = bench.official('watcher');
    let heard: (data: unknown) => void = () => {};
    const event = new Promise((resolve) => (heard = resolve));
    watcher.registerFunction('watch::workers', async (data) => heard(data));
    watcher.registerTrigger({ type: 'engine::workers-available', function_id: 'watch::workers', config: {} });
    await offered(watcher, 'watch::workers');
    const newcomer = await bench.worker('newcomer');
    expect(Object.keys((await event) as object).sort()).toEqual(['event', 'worker_id']);
    await newcomer.settled();
  });

  check('§20.14 null is no result, and errors pass through with their stack trace', async () => {
    const provider = (await bench.worker('provider')).offer('call::f');
    await provider.settled();
    const caller = await bench.worker('caller');
    const outcome = async (members: object) => {
      const answer = caller.call('call::f');
      provider.respond(await provider.invocation(), members);
      const { invocation_id: _, ...rest } = await answer;
      return rest;
    };
    const empty = { type: 'invocationresult', function_id: 'call::f' };
    expect(await outcome({ result: null })).toEqual(empty);
    expect(await outcome({})).toEqual(empty);
    const error = { code: 'custom', message: 'm', stacktrace: 'at x' };
    expect(await outcome({ error })).toEqual({ ...empty, error });
  });

  check('§20.14 what a handler throws reaches its caller', async () => {
    const { caller } = await pair(async () => {
      throw new Error('boom');
    });
    expect(await failure(call(caller))).toMatchObject({
      name: 'InvocationError',
      code: 'invocation_failed',
      message: 'invocation_failed: boom',
      function_id: 'call::f',
      stacktrace: expect.stringContaining('boom') as string,
    });
  });

  check('§20.15 a caller hears at once that its executor is gone', async () => {
    const provider = (await bench.worker('provider')).offer('call::f');
    await provider.settled();
    const caller = bench.official('caller');
    await offered(caller, 'call::f');
    const lost = failure(call(caller));
    await provider.invocation();
    const started = performance.now();
    provider.socket.terminate();
    expect(await lost).toMatchObject({ code: 'invocation_stopped' });
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  check('§20.15 late and repeated results, and those of callers that left, are ignored', async () => {
    const provider = (await bench.worker('provider')).offer('call::f');
    await provider.settled();
    const leaver = await bench.worker('leaver');
    leaver.send({ type: 'invokefunction', invocation_id: leaver.nextId(), function_id: 'call::f', data: 1 });
    const abandoned = await provider.invocation();
    leaver.socket.terminate();
    provider.respond(abandoned, { result: 'late' });
    const caller = await bench.worker('caller');
    const answer = caller.call('call::f');
    const invocation = await provider.invocation();
    provider.respond(invocation, { result: 1 }).respond(invocation, { result: 2 });
    expect((await answer).result).toBe(1);
    await provider.settled();
    await caller.settled();
    expect(caller.frames.filter(({ type }) => type === 'invocationresult')).toEqual([]);
  });

  check('§20.16 numbers and key order survive', async () => {
    const provider = (await bench.worker('provider')).offer('call::f');
    await provider.settled();
    const caller = await bench.worker('caller');
    const payload = '{"z":1,"n":18446744073709551615,"x":1.0,"a":[-9223372036854775808,1e-7]}';
    const id = caller.nextId();
    caller.send(
      `{"type":"invokefunction","invocation_id":"${id}","function_id":"call::f","data":${payload}}`,
    );
    const invocation = await provider.invocation();
    expect(provider.texts.at(-1)).toContain(payload.slice(0, -1));
    provider.send(
      `{"type":"invocationresult","invocation_id":"${String(invocation.invocation_id)}","function_id":"call::f","result":${payload}}`,
    );
    await caller.frame((frame) => frame.invocation_id === id);
    expect(caller.texts.at(-1)).toContain(`"result":${payload}`);
  });

  check('§20.17 trace headers pass through, with the function named in the baggage', async () => {
    const provider = (await bench.worker('provider')).offer('call::f').offer('state::like');
    await provider.settled();
    const caller = await bench.worker('caller');
    const seen = async (functionId: string, headers: object) => {
      const answer = caller.call(functionId, {}, headers);
      const invocation = await provider.invocation();
      provider.respond(invocation, { result: 1, traceparent: 'executor', baggage: 'executor' });
      const { traceparent, baggage } = await answer;
      return { executor: [invocation.traceparent, invocation.baggage], caller: [traceparent, baggage] };
    };
    expect(await seen('call::f', { traceparent: TRACEPARENT, baggage: 'k=v' })).toEqual({
      executor: [TRACEPARENT, 'k=v,iii.function.id=call::f'],
      caller: [TRACEPARENT, 'k=v'],
    });
    expect((await seen('call::f', { traceparent: TRACEPARENT })).executor).toEqual([
      TRACEPARENT,
      'iii.function.id=call::f',
    ]);
    expect((await seen('call::f', { traceparent: 'nonsense' })).executor).toEqual([undefined, undefined]);
    expect((await seen('call::f', {})).executor).toEqual([undefined, undefined]);
    expect((await seen('state::like', { traceparent: TRACEPARENT, baggage: 'k=v' })).executor).toEqual([
      TRACEPARENT,
      'k=v',
    ]);
  });

  check(
    '§20.18 metadata is the second argument of the handler, for calls and for trigger fires',
    async () => {
      const { provider, caller } = await pair(async (_, metadata) => ({ metadata }));
      expect(await call(caller, {}, { metadata: { m: 1 } })).toEqual({ metadata: { m: 1 } });
      expect(await call(caller)).toEqual({});
      let heard: (metadata: unknown) => void = () => {};
      const fired = new Promise((resolve) => (heard = resolve));
      provider.registerFunction('watch::meta', async (_: unknown, metadata: unknown) => heard(metadata));
      provider.registerTrigger({
        type: 'engine::workers-available',
        function_id: 'watch::meta',
        config: {},
        metadata: { from: 'binding' },
      });
      await offered(caller, 'watch::meta');
      await bench.worker('newcomer');
      expect(await fired).toEqual({ from: 'binding' });
    },
  );

  check('§20.19 a call without a payload is answered', async () => {
    const { caller } = await pair(async (data) => ({ data }));
    expect(await caller.trigger({ function_id: 'call::f' } as never)).toEqual({ data: null });
  });

  check('a frame that cannot be read is answered, not left to time out', async () => {
    const caller = bench.official('caller');
    await offered(caller, 'engine::functions::list');
    const error = await failure(
      caller.trigger({ function_id: 'call::f', payload: {}, action: { type: 'later' } as never }),
    );
    expect(error.code).toBe('invalid_request');
  });

  check(
    'long payloads pass between clients of both kinds, either way, and short calls pass beside them',
    async () => {
      const own = (name: string) =>
        registerWorker(bench.engine.url, { workerName: name, otel: { enabled: false } });
      const workers = [own('own-executor'), own('own-caller')];
      const [executor, caller] = workers as [IIIClient, IIIClient];
      try {
        const official = bench.official('official');
        const echo = async (data: object) => ({ ...data, seen: true });
        executor.registerFunction('long::own', echo);
        official.registerFunction('long::official', echo);
        for (const id of ['long::own', 'long::official']) await offered(official, id);
        await caller.ready();
        const payload = { items: Array.from({ length: 100_000 }, (_, id) => ({ id, name: `näme "${id}"` })) };
        const callers: Array<(function_id: string, payload: object) => Promise<unknown>> = [
          (function_id, data) => caller.trigger({ function_id, payload: data }),
          (function_id, data) => official.trigger({ function_id, payload: data }),
        ];
        for (const function_id of ['long::own', 'long::official']) {
          for (const call of callers) {
            const long = call(function_id, payload);
            expect(await call(function_id, { n: 1 })).toMatchObject({ n: 1, seen: true });
            expect(await long).toMatchObject({ ...payload, seen: true });
          }
        }
      } finally {
        await Promise.all(workers.map((worker) => worker.shutdown()));
      }
    },
  );

  check('an unknown function is told apart from everything else, at once', async () => {
    const caller = bench.official('caller');
    const error = await failure(caller.trigger({ function_id: 'no::such', payload: {} }));
    expect(error).toMatchObject({
      code: 'function_not_found',
      message: expect.stringContaining('no::such not found in namespace default') as string,
    });
  });
});
