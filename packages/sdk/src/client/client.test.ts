import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { HandlerError, InvocationError, RegistrationRejectedError } from '../errors.js';
import { connectedClient, outcome, type Sent, settle, testClient } from '../test-support.js';
import { TriggerAction } from '../trigger-action.js';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const noop = { registerTrigger: async () => {}, unregisterTrigger: async () => {} };

describe('on a new connection', () => {
  it('announces itself, then says what it offers in the order it has to be', () => {
    const { client, link } = testClient('shop');
    client.registerTrigger({ type: 'tt', function_id: 'f', config: {} });
    client.registerFunction('f', () => 1);
    client.registerTriggerType({ id: 'tt', description: 'd' }, noop);
    void client.trigger({ function_id: 'queued', payload: 1 }).catch(() => {});
    link.up();
    expect(link.types()).toEqual([
      'invokefunction',
      'registertriggertype',
      'registerfunction',
      'registertrigger',
      'invokefunction',
    ]);
    expect(link.sent[0]).toMatchObject({
      function_id: 'engine::workers::register',
      action: { type: 'void' },
      namespace: 'default',
      data: { runtime: 'node', name: 'tester', description: 'tests', namespace: 'shop', pid: process.pid },
    });
    expect(link.sent[0]).not.toHaveProperty('invocation_id');
    expect(link.sent[4]).toMatchObject({ function_id: 'queued', data: 1, namespace: 'shop' });
  });

  it('retires the previous one first, with the secret it was given', () => {
    const { client, link } = testClient();
    client.registerFunction('f', () => 1);
    link.up().receive({ type: 'workerregistered', worker_id: 'w-1', reattach_token: 't-1' });
    expect(link.types()[0]).toBe('invokefunction');
    link.down().take();
    link.up();
    expect(link.sent[0]).toEqual({ type: 'reattach', previous_worker_id: 'w-1', reattach_token: 't-1' });
    link.receive({ type: 'workerregistered', worker_id: 'w-2' });
    link.down().take();
    link.up();
    expect(link.sent[0]).toEqual({ type: 'reattach', previous_worker_id: 'w-2' });
  });

  it('replays triggers under the ids they had, and nothing that was withdrawn', () => {
    const { client, link } = testClient();
    link.up().take();
    const trigger = client.registerTrigger({ type: 'tt', function_id: 'f', config: { k: 1 } });
    const kept = client.registerTrigger({ type: 'tt', function_id: 'f', config: { k: 2 } });
    const gone = client.registerFunction('gone', () => 1);
    const ids = link.take().map(({ id }) => id);
    trigger.unregister();
    gone.unregister();
    link.down().take();
    link.up();
    expect(link.sent.filter(({ type }) => type !== 'invokefunction')).toEqual([
      { type: 'registertrigger', id: ids[1], trigger_type: 'tt', function_id: 'f', config: { k: 2 } },
    ]);
    kept.unregister();
  });
});

describe('registering a function', () => {
  it('sends what describes it, unknown options included, and the id wins', () => {
    const { client, link } = connectedClient();
    const extra = {
      description: 'd',
      metadata: { z: 1 },
      request_format: { type: 'object' },
      id: 'x',
      more: 1,
    };
    client.registerFunction('a::b', () => 1, extra);
    expect(link.take()).toEqual([
      {
        type: 'registerfunction',
        id: 'a::b',
        description: 'd',
        metadata: { z: 1 },
        request_format: { type: 'object' },
        more: 1,
      },
    ]);
  });

  it('is refused for a blank or repeated id, until that is withdrawn', () => {
    const { client, link } = connectedClient();
    for (const id of ['', '  ']) expect(() => client.registerFunction(id, () => 1)).toThrow('id is required');
    const ref = client.registerFunction('f', () => 1);
    expect(() => client.registerFunction('f', () => 2)).toThrow('function id already registered: f');
    link.take();
    ref.unregister();
    expect(link.take()).toEqual([{ type: 'unregisterfunction', id: 'f' }]);
    client.registerFunction('f', () => 2);
    ref.unregister();
    expect(() => client.registerFunction('f', () => 3)).toThrow('already registered');
  });

  it('may name a URL instead of a handler, of which exactly five members travel', () => {
    const { client, link } = connectedClient();
    const config = { url: 'http://x', auth: { type: 'bearer' as const, token_key: 'T' }, more: 1 };
    client.registerFunction('ext', config, { description: 'ext' });
    expect(link.take()).toEqual([
      {
        type: 'registerfunction',
        id: 'ext',
        description: 'ext',
        invocation: { url: 'http://x', method: 'POST', auth: { type: 'bearer', token_key: 'T' } },
      },
    ]);
  });
});

describe('calling', () => {
  it('sends the payload and resolves with the result', async () => {
    const { client, link } = connectedClient();
    const answer = client.trigger({ function_id: 'a::b', payload: { x: 1 }, metadata: { m: 1 } });
    const [call] = link.take();
    expect(call).toEqual({
      type: 'invokefunction',
      invocation_id: expect.stringMatching(UUID) as string,
      function_id: 'a::b',
      data: { x: 1 },
      metadata: { m: 1 },
    });
    link.receive({
      type: 'invocationresult',
      invocation_id: call?.invocation_id,
      function_id: 'a::b',
      result: 7,
    });
    expect(await answer).toBe(7);
  });

  it('sends null where there is no payload', () => {
    const { client, link } = connectedClient();
    void client.trigger({ function_id: 'f' }).catch(() => {});
    expect(link.take()[0]).toMatchObject({ data: null });
  });

  it.each([
    [{}, undefined],
    [{ result: null }, null],
    [{ error: null, result: 1 }, 1],
    [{ error: '', result: 2 }, 2],
  ])('resolves %j with %j', async (members, expected) => {
    const { client, link } = connectedClient();
    const answer = client.trigger({ function_id: 'f' });
    const [call] = link.take();
    link.receive({
      type: 'invocationresult',
      invocation_id: call?.invocation_id,
      function_id: 'f',
      ...members,
    });
    expect(await answer).toBe(expected);
  });

  it.each([
    [{ code: 'c', message: 'm', stacktrace: 's' }, 'c', 'm', 's'],
    ['text', 'UNKNOWN', 'text', undefined],
    [{ code: 5 }, 'UNKNOWN', '{"code":5}', undefined],
    [
      { code: 'c', message: 'm', stacktrace: null },
      'UNKNOWN',
      '{"code":"c","message":"m","stacktrace":null}',
      undefined,
    ],
  ])('rejects the error %j', async (error, code, message, stacktrace) => {
    const { client, link } = connectedClient();
    const answer = outcome(client.trigger({ function_id: 'f' }));
    const [call] = link.take();
    link.receive({
      type: 'invocationresult',
      invocation_id: call?.invocation_id,
      function_id: 'f',
      result: 1,
      error,
    });
    const failure = (await answer) as InvocationError;
    expect(failure).toBeInstanceOf(InvocationError);
    expect(failure).toMatchObject({ code, stacktrace, function_id: 'f', message: `${code}: ${message}` });
  });

  it('gives up after its timeout, or the default one, and ignores what comes later', async () => {
    const { client, link, clock } = connectedClient();
    const [short, long] = [
      outcome(client.trigger({ function_id: 'f', timeoutMs: 100 })),
      outcome(client.trigger({ function_id: 'f' })),
    ];
    const [call] = link.take();
    await clock.advanceAsync(99);
    await clock.advanceAsync(30);
    expect(await short).toMatchObject({
      code: 'TIMEOUT',
      message: 'TIMEOUT: invocation timed out after 100ms',
      function_id: 'f',
    });
    link.receive({
      type: 'invocationresult',
      invocation_id: call?.invocation_id,
      function_id: 'f',
      result: 1,
    });
    await clock.advanceAsync(30_000);
    expect(await long).toMatchObject({ code: 'TIMEOUT' });
    expect(clock.pending).toBe(0);
  });

  it.each([Number.POSITIVE_INFINITY, 2 ** 31])('waits for ever with a timeout of %d', async (timeoutMs) => {
    const { client, link, clock } = connectedClient();
    const answer = client.trigger({ function_id: 'f', timeoutMs });
    await clock.advanceAsync(2 ** 31 + 1);
    const [call] = link.take();
    link.receive({
      type: 'invocationresult',
      invocation_id: call?.invocation_id,
      function_id: 'f',
      result: 'late',
    });
    expect(await answer).toBe('late');
  });

  it('without wanting an answer resolves at once, with no id on the wire', async () => {
    const { client, link } = connectedClient();
    expect(
      await client.trigger({ function_id: 'f', payload: 1, action: TriggerAction.Void() }),
    ).toBeUndefined();
    expect(link.take()).toEqual([
      { type: 'invokefunction', function_id: 'f', data: 1, action: { type: 'void' } },
    ]);
  });

  it('into a queue resolves with the receipt', async () => {
    const { client, link } = connectedClient();
    const answer = client.trigger({ function_id: 'f', action: TriggerAction.Enqueue({ queue: 'q' }) });
    const [call] = link.take();
    expect(call).toMatchObject({
      action: { type: 'enqueue', queue: 'q' },
      invocation_id: expect.any(String) as string,
    });
    const result = { messageReceiptId: 'r' };
    link.receive({ type: 'invocationresult', invocation_id: call?.invocation_id, function_id: 'f', result });
    expect(await answer).toEqual(result);
  });

  it('rejects, and never throws, when the payload has no JSON form', async () => {
    const { client, link } = connectedClient();
    expect(await outcome(client.trigger({ function_id: 'f', payload: 1n }))).toBeInstanceOf(TypeError);
    expect(link.take()).toEqual([]);
  });

  it('has types for payload and result', () => {
    const { client } = connectedClient();
    expectTypeOf(client.trigger<{ a: number }, string>).returns.resolves.toEqualTypeOf<string>();
    // Without type arguments the result is any, so that it may be used as whatever it is.
    const unused = async (): Promise<string> => (await client.trigger({ function_id: 'f' })).anything;
    expectTypeOf(unused).returns.resolves.toEqualTypeOf<string>();
  });
});

describe('namespaces', () => {
  const namespaceOf = (link: { take(): Sent[] }) => link.take()[0]?.namespace;

  it('of a call are the one asked for, the engine’s, or the worker’s own', () => {
    const { client, link } = connectedClient('shop');
    const call = (request: { function_id: string; namespace?: string }) => {
      void client.trigger({ ...request, action: TriggerAction.Void() });
      return namespaceOf(link);
    };
    expect(call({ function_id: 'f' })).toBe('shop');
    expect(call({ function_id: 'f', namespace: 'other' })).toBe('other');
    expect(call({ function_id: 'engine::functions::list' })).toBe('default');
    expect(call({ function_id: 'engine::x', namespace: 'other' })).toBe('other');
  });

  it('of a call are left out by a worker without one, except for the engine’s functions', () => {
    const { client, link } = connectedClient();
    void client.trigger({ function_id: 'f', action: TriggerAction.Void() });
    expect(namespaceOf(link)).toBeUndefined();
    void client.trigger({ function_id: 'engine::x', action: TriggerAction.Void() });
    expect(namespaceOf(link)).toBe('default');
  });

  it('of a trigger are the one asked for or the worker’s own', () => {
    const { client, link } = connectedClient('shop');
    client.registerTrigger({ type: 't', function_id: 'f', config: 1, trigger_namespace: 'p' });
    expect(link.take()[0]).toMatchObject({ namespace: 'shop', trigger_namespace: 'p' });
    client.registerTrigger({ type: 't', function_id: 'f', config: 1, namespace: 'other' });
    expect(namespaceOf(link)).toBe('other');
  });

  it('that are blank are refused before anything is sent', async () => {
    const { client, link } = connectedClient();
    expect(await outcome(client.trigger({ function_id: 'f', namespace: ' ' }))).toMatchObject({
      message: expect.stringMatching(
        /^namespace is empty: TriggerRequest\.namespace was set to " "\./,
      ) as string,
    });
    expect(() => client.registerTrigger({ type: 't', function_id: 'f', config: 1, namespace: '' })).toThrow(
      /^namespace is empty: RegisterTriggerInput\.namespace was set to ""\./,
    );
    expect(link.take()).toEqual([]);
  });
});

describe('while there is no connection', () => {
  it('calls wait for one, in order, and those that have timed out are not sent', async () => {
    const { client, link, clock } = testClient();
    const stale = outcome(client.trigger({ function_id: 'stale', timeoutMs: 10 }));
    void client.trigger({ function_id: 'first', action: TriggerAction.Void() });
    const fresh = client.trigger({ function_id: 'second' });
    await clock.advanceAsync(100);
    expect(await stale).toMatchObject({ code: 'TIMEOUT' });
    link.up();
    const calls = link.take().slice(1);
    expect(calls.map(({ function_id }) => function_id)).toEqual(['first', 'second']);
    link.receive({
      type: 'invocationresult',
      invocation_id: calls[1]?.invocation_id,
      function_id: 'x',
      result: 1,
    });
    expect(await fresh).toBe(1);
  });

  it('registrations and withdrawals are not kept, except that of a trigger', () => {
    const { client, link } = testClient();
    const ref = client.registerFunction('f', () => 1);
    const trigger = client.registerTrigger({ type: 't', function_id: 'f', config: 1 });
    ref.unregister();
    trigger.unregister();
    client.unregisterTriggerType({ id: 'tt', description: '' });
    link.up();
    expect(link.types()).toEqual(['invokefunction', 'unregistertrigger']);
  });

  it('no more is kept than may be, and the caller is told', async () => {
    const { client, link } = testClient();
    const action = TriggerAction.Void();
    const many = Array.from({ length: 10_000 }, () => client.trigger({ function_id: 'f', action }));
    await Promise.all(many);
    expect(await outcome(client.trigger({ function_id: 'f', action }))).toMatchObject({
      code: 'OFFLINE_QUEUE_FULL',
    });
    expect(await outcome(client.trigger({ function_id: 'f' }))).toMatchObject({ code: 'OFFLINE_QUEUE_FULL' });
    link.up();
    expect(link.take()).toHaveLength(10_001);
  });
});

describe('when the connection is lost', () => {
  it('calls in flight fail at once, and those that wait go on waiting', async () => {
    const { client, link } = connectedClient();
    const inFlight = outcome(client.trigger({ function_id: 'a::b' }));
    link.down();
    expect(await inFlight).toMatchObject({
      code: 'CONNECTION_LOST',
      function_id: 'a::b',
      message: expect.stringContaining('was closed (1006) while a::b was being called') as string,
    });
    const waiting = client.trigger({ function_id: 'later' });
    link.up();
    const call = link.take().find(({ function_id }) => function_id === 'later');
    link.receive({
      type: 'invocationresult',
      invocation_id: call?.invocation_id,
      function_id: 'later',
      result: 1,
    });
    expect(await waiting).toBe(1);
  });

  it('a call sent from the queue is in flight from then on', async () => {
    const { client, link } = testClient();
    const answer = outcome(client.trigger({ function_id: 'f' }));
    link.up().down();
    expect(await answer).toMatchObject({ code: 'CONNECTION_LOST' });
  });

  it('for good, everything that waits fails, now and later', async () => {
    const { client, link, clock } = testClient();
    const waiting = outcome(client.trigger({ function_id: 'f' }));
    const ready = outcome(client.ready());
    link.giveUp();
    expect(await waiting).toMatchObject({
      code: 'CONNECTION_LOST',
      message: expect.stringContaining('no more attempts') as string,
    });
    expect(await ready).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await outcome(client.trigger({ function_id: 'f', action: TriggerAction.Void() }))).toMatchObject({
      code: 'CONNECTION_LOST',
    });
    expect(await outcome(client.ready())).toMatchObject({ code: 'CONNECTION_LOST' });
    await client.shutdown();
    expect(client.getConnectionState()).toBe('disconnected');
    expect(clock.pending).toBe(0);
  });
});

describe('answering calls', () => {
  async function answerTo(handler: (data: unknown, metadata?: unknown) => unknown, call: object = {}) {
    const { client, link, lines } = connectedClient();
    client.registerFunction('f', handler);
    link.take();
    link.receive({ type: 'invokefunction', invocation_id: 'i', function_id: 'f', data: { a: 1 }, ...call });
    await settle();
    return { answers: link.take(), lines };
  }

  it.each([
    [() => ({ ok: true }), { result: { ok: true } }],
    [async () => [1], { result: [1] }],
    [() => null, { result: null }],
    [() => undefined, {}],
    [() => new Date(0), { result: '1970-01-01T00:00:00.000Z' }],
  ])('sends what the handler %s returns', async (handler, expected) => {
    const { answers } = await answerTo(handler);
    expect(answers).toEqual([
      { type: 'invocationresult', invocation_id: 'i', function_id: 'f', ...expected },
    ]);
  });

  it('hands payload and metadata to the handler', async () => {
    const handler = vi.fn();
    await answerTo(handler, { metadata: { m: 1 } });
    const context = expect.objectContaining({ signal: expect.any(AbortSignal) as AbortSignal }) as object;
    expect(handler).toHaveBeenCalledWith({ a: 1 }, { m: 1 }, context);
    handler.mockClear();
    await answerTo(handler);
    expect(handler).toHaveBeenCalledWith({ a: 1 }, undefined, context);
  });

  it.each([
    [
      new Error('boom'),
      { code: 'invocation_failed', message: 'boom', stacktrace: expect.stringContaining('boom') as string },
    ],
    ['text', { code: 'invocation_failed', message: 'text' }],
    [null, { code: 'invocation_failed', message: 'null' }],
    [
      new InvocationError({ code: 'X', message: 'inner' }),
      { code: 'invocation_failed', message: 'X: inner', stacktrace: expect.any(String) as string },
    ],
    [
      new HandlerError('OUT_OF_STOCK', 'none left'),
      { code: 'OUT_OF_STOCK', message: 'none left', stacktrace: expect.any(String) as string },
    ],
  ])('sends what the handler throws: %s', async (thrown, error) => {
    const { answers } = await answerTo(() => {
      throw thrown;
    });
    expect(answers).toEqual([{ type: 'invocationresult', invocation_id: 'i', function_id: 'f', error }]);
  });

  it('sends an error for a result that has no JSON form', async () => {
    const { answers } = await answerTo(() => 1n);
    expect(answers[0]).toMatchObject({
      error: { code: 'invocation_failed', message: expect.stringContaining('BigInt') as string },
    });
  });

  it('sends nothing when no answer is wanted, and prints what was thrown', async () => {
    const { answers, lines } = await answerTo(
      () => {
        throw new Error('boom');
      },
      { invocation_id: undefined },
    );
    expect([answers, lines]).toEqual([[], ['problem: Error invoking function f: boom']]);
  });

  it('says so when there is no such function, or it is none of this process', async () => {
    const { client, link } = connectedClient();
    client.registerFunction('ext', { url: 'http://x' });
    link.take();
    const trace = { traceparent: 'tp', baggage: 'b' };
    for (const function_id of ['none', 'ext']) {
      link.receive({ type: 'invokefunction', invocation_id: 'i', function_id, data: 1, ...trace });
      link.receive({ type: 'invokefunction', function_id, data: 1 });
    }
    await settle();
    expect(link.take()).toEqual([
      {
        type: 'invocationresult',
        invocation_id: 'i',
        function_id: 'none',
        error: { code: 'function_not_found', message: 'Function not found' },
        ...trace,
      },
      {
        type: 'invocationresult',
        invocation_id: 'i',
        function_id: 'ext',
        error: {
          code: 'function_not_invokable',
          message: 'Function is HTTP-invoked and cannot be invoked locally',
        },
        ...trace,
      },
    ]);
  });

  it('passes the trace of the call on to the calls its handler makes, and echoes it', async () => {
    const { client, link } = connectedClient();
    client.registerFunction('f', async () => {
      await Promise.resolve();
      void client.trigger({ function_id: 'nested', action: TriggerAction.Void() });
    });
    link.take();
    const trace = { traceparent: '00-1-2-01', baggage: 'k=v' };
    link.receive({ type: 'invokefunction', invocation_id: 'i', function_id: 'f', data: 1, ...trace });
    await settle();
    expect(link.take()).toMatchObject([
      { type: 'invokefunction', function_id: 'nested', ...trace },
      { type: 'invocationresult', ...trace },
    ]);
    void client.trigger({ function_id: 'outside', action: TriggerAction.Void() });
    expect(link.take()[0]).not.toHaveProperty('traceparent');
  });
});

describe('serving a trigger type', () => {
  const bound = { type: 'registertrigger', id: 'T', trigger_type: 'tt', function_id: 'f', config: { k: 1 } };

  function provider(handler: object) {
    const test = connectedClient();
    const ref = test.client.registerTriggerType(
      { id: 'tt', description: 'd', trigger_request_format: { type: 'object' } },
      { ...noop, ...handler },
    );
    return { ...test, ref };
  }

  it('sends the whole input, and answers for every binding', async () => {
    const registerTrigger = vi.fn(async () => {});
    const { link } = provider({ registerTrigger });
    expect(link.take()).toEqual([
      {
        type: 'registertriggertype',
        id: 'tt',
        description: 'd',
        trigger_request_format: { type: 'object' },
      },
    ]);
    link.receive({ ...bound, metadata: { m: 1 }, namespace: 'shop' });
    await settle();
    expect(registerTrigger).toHaveBeenCalledWith({
      id: 'T',
      function_id: 'f',
      config: { k: 1 },
      metadata: { m: 1 },
      namespace: 'shop',
    });
    expect(link.take()).toEqual([
      { type: 'triggerregistrationresult', id: 'T', trigger_type: 'tt', function_id: 'f' },
    ]);
  });

  it('tells why it refuses a binding, or that the type is unknown', async () => {
    const { link } = provider({ registerTrigger: () => Promise.reject(new Error('bad path')) });
    link.take();
    link.receive(bound).receive({ ...bound, trigger_type: 'other' });
    await settle();
    expect(link.take().map(({ error }) => error)).toEqual([
      { code: 'trigger_type_not_found', message: 'Trigger type not found' },
      { code: 'trigger_registration_failed', message: 'bad path' },
    ]);
  });

  it('hands a binding back as it was given when it is released', async () => {
    const unregisterTrigger = vi.fn(async () => {});
    const { link } = provider({ unregisterTrigger });
    link.receive(bound);
    await settle();
    link.receive({ type: 'unregistertrigger', id: 'T', trigger_type: 'tt' });
    link.receive({ type: 'unregistertrigger', id: 'unknown', trigger_type: 'tt' });
    link.receive({ type: 'unregistertrigger', id: 'T', trigger_type: 'other' });
    link.receive({ type: 'unregistertrigger', id: 'T' });
    await settle();
    expect(unregisterTrigger.mock.calls).toEqual([
      [{ id: 'T', function_id: 'f', config: { k: 1 } }],
      [{ id: 'unknown', function_id: '', config: undefined }],
    ]);
  });

  it('prints what a release throws', async () => {
    const { link, lines } = provider({ unregisterTrigger: () => Promise.reject(new Error('stuck')) });
    link.receive({ type: 'unregistertrigger', id: 'T', trigger_type: 'tt' });
    await settle();
    expect(lines).toEqual(['problem: Error unregistering trigger T: stuck']);
  });

  it('gives a handle that binds, offers and ends', () => {
    const { link, ref } = provider({});
    link.take();
    const trigger = ref.registerTrigger('f', { k: 1 }, { m: 1 });
    const offered = ref.registerFunction('g', () => 1, { k: 2 });
    trigger.unregister();
    offered.unregister();
    ref.unregister();
    const sent = link.take();
    expect(sent.map(({ type }) => type)).toEqual([
      'registertrigger',
      'registerfunction',
      'registertrigger',
      'unregistertrigger',
      'unregistertrigger',
      'unregisterfunction',
      'unregistertriggertype',
    ]);
    expect(sent[0]).toMatchObject({
      trigger_type: 'tt',
      function_id: 'f',
      config: { k: 1 },
      metadata: { m: 1 },
    });
    expect(sent[4]?.id).toBe(sent[2]?.id);
    expect(sent[6]).toMatchObject({ id: 'tt', description: 'd' });
  });
});

describe('triggers', () => {
  it('are bound under an id of their own, with null where there is no config', () => {
    const { client, link } = connectedClient();
    client.registerTrigger({ type: 'http', function_id: 'f', config: undefined, metadata: { m: 1 } });
    expect(link.take()).toEqual([
      {
        type: 'registertrigger',
        id: expect.stringMatching(UUID) as string,
        trigger_type: 'http',
        function_id: 'f',
        config: null,
        metadata: { m: 1 },
      },
    ]);
  });

  it('may be given as plain JavaScript does, with trigger_type', () => {
    const { client, link } = connectedClient();
    client.registerTrigger({ trigger_type: 'http', function_id: 'f', config: 1 } as never);
    expect(link.take()[0]).toMatchObject({ type: 'registertrigger', trigger_type: 'http' });
  });

  it('that are refused are printed, and those that are not are not', () => {
    const { link, lines } = connectedClient();
    const result = { type: 'triggerregistrationresult', id: 'T', trigger_type: 'http', function_id: 'f' };
    link.receive(result).receive({ ...result, error: { code: 'c', message: 'bad path' } });
    expect(lines).toEqual(['trigger failed: T http bad path']);
  });
});

describe('a refused registration', () => {
  const rejected = { type: 'registrationrejected', namespace: 'default', owner_worker_id: 'w-9' };

  it('of a function is printed, and the worker goes on', async () => {
    const { client, link, lines } = connectedClient();
    link.receive({ ...rejected, code: 'FUNCTION_NAMESPACE_CONFLICT', function_id: 'f' });
    expect(lines).toEqual(['function rejected: f default w-9']);
    expect([client.getFatalError(), link.closed]).toEqual([undefined, undefined]);
  });

  it.each(['WORKER_NAMESPACE_CONFLICT', 'SOMETHING_NEW'])(
    'with the code %s ends the worker for good',
    async (code) => {
      const { client, link } = connectedClient();
      const waiting = outcome(client.trigger({ function_id: 'f' }));
      link.receive({ ...rejected, code, worker_name: 'tester' });
      const error = await waiting;
      expect(error).toBeInstanceOf(RegistrationRejectedError);
      expect(error).toMatchObject({
        message: `${code}: registration rejected for worker "tester" in namespace "default" (already owned by worker w-9)`,
      });
      expect(client.getFatalError()).toBe(error);
      expect([client.getConnectionState(), link.closed]).toEqual(['failed', 'abandoned']);
      expect(await outcome(client.trigger({ function_id: 'f' }))).toBe(error);
    },
  );
});

describe('shutting down', () => {
  it('rejects what waits, closes the link, and may be repeated', async () => {
    const { client, link, clock } = connectedClient();
    const waiting = outcome(client.trigger({ function_id: 'f' }));
    const ready = outcome(client.ready());
    await client.shutdown();
    await client.shutdown();
    for (const error of [await waiting, await ready]) {
      expect(error).toMatchObject({ name: 'Error', message: 'iii is shutting down' });
    }
    expect([link.closed, client.getConnectionState(), clock.pending]).toEqual(['closed', 'disconnected', 0]);
    expect(await outcome(client.trigger({ function_id: 'f' }))).toMatchObject({
      message: 'iii is shutting down',
    });
  });
});

describe('the state of the connection', () => {
  it('is told to listeners at once and on every change, until they stop', () => {
    const { client, link, lines } = testClient();
    const seen: string[] = [];
    client.addConnectionStateListener(() => {
      throw new Error('bad listener');
    });
    const stop = client.addConnectionStateListener((state) => seen.push(state));
    link.up().down();
    stop();
    stop();
    link.up();
    expect(seen).toEqual(['connecting', 'connected', 'disconnected', 'reconnecting']);
    expect(client.getConnectionState()).toBe('connected');
    expect(lines[0]).toBe('problem: A connection state listener threw: bad listener');
  });

  it('is ready when the engine has greeted this connection, not an earlier one', async () => {
    const { client, link } = testClient();
    let greeted = 0;
    const wait = () => client.ready().then(() => greeted++);
    const first = wait();
    link.up();
    await settle();
    expect(greeted).toBe(0);
    link.receive({ type: 'workerregistered', worker_id: 'w' });
    await first;
    await wait();
    expect(greeted).toBe(2);
    link.down();
    void wait();
    await settle();
    expect(greeted).toBe(2);
  });

  it('comes with the address', () => {
    expect(testClient().client.getAddress()).toBe('ws://engine.test');
  });
});

it('ignores frames it does not know, and those meant for the engine', () => {
  const { link, lines } = connectedClient();
  for (const type of ['ping', 'pong', 'error', 'registerfunction', 'something new']) link.receive({ type });
  expect([link.take(), lines]).toEqual([[], []]);
});
