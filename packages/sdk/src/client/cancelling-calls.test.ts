import { describe, expect, it } from 'vitest';
import {
  agreedClient,
  connectedClient,
  countedSignal,
  GREETING,
  outcome,
  settle,
  testClient,
} from '../test-support.js';
import { TriggerAction } from '../trigger-action.js';

const answerTo = (call: object | undefined, result: unknown = 1) => ({
  type: 'invocationresult',
  invocation_id: (call as { invocation_id?: string } | undefined)?.invocation_id,
  function_id: 'f',
  result,
});

describe('agreeing on extensions', () => {
  it('asks for what it uses of what the engine offers, once on each connection', () => {
    const { link } = connectedClient();
    link.receive(GREETING).receive(GREETING);
    expect(link.take()).toEqual([{ type: 'useextensions', extensions: ['cancel', 'parts', 'batch'] }]);
    link.down().up().take();
    link.receive(GREETING);
    expect(link.take()).toEqual([{ type: 'useextensions', extensions: ['cancel', 'parts', 'batch'] }]);
  });

  it.each([{}, { extensions: [] }, { extensions: ['telepathy'] }])(
    'says nothing to an engine that greets with %j',
    (offer) => {
      const { link } = connectedClient();
      link.receive({ type: 'workerregistered', worker_id: 'w', ...offer });
      expect(link.take()).toEqual([]);
    },
  );

  it('asks before a call that its greeting lets go uses it', async () => {
    const { client, link } = connectedClient();
    void client.ready().then(() => client.trigger({ function_id: 'f' }).catch(() => {}));
    link.receive(GREETING);
    await settle();
    expect(link.types()).toEqual(['useextensions', 'invokefunction']);
    expect(link.sent[1]).toHaveProperty('deadline_ms');
  });
});

describe('the deadline of a call', () => {
  it.each([
    [1_500, 1_500],
    [0.5, 0.5],
    [0, 0],
    [-5, 0],
    [undefined, 30_000],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, undefined],
    [Number.POSITIVE_INFINITY, undefined],
    [Number.NaN, undefined],
  ])('with a timeout of %d ms travels as %d', (timeoutMs, expected) => {
    const { client, link } = agreedClient();
    const request = { function_id: 'f', ...(timeoutMs === undefined ? {} : { timeoutMs }) };
    void client.trigger(request).catch(() => {});
    expect(link.take()[0]?.deadline_ms).toBe(expected);
  });

  it('does not travel with what wants no answer, nor before it is agreed on, nor to other engines', () => {
    const { client, link } = agreedClient();
    void client.trigger({ function_id: 'f', action: TriggerAction.Void() });
    link.down();
    void client.trigger({ function_id: 'queued' }).catch(() => {});
    link.up();
    void client.trigger({ function_id: 'early' }).catch(() => {});
    link.receive({ type: 'workerregistered', worker_id: 'w-2' });
    void client.trigger({ function_id: 'old engine' }).catch(() => {});
    expect(link.sent.some((frame) => 'deadline_ms' in frame)).toBe(false);
  });
});

describe('a call that times out', () => {
  it('is cancelled once, and fails as it always did', async () => {
    const { client, link, clock } = agreedClient();
    const failure = outcome(client.trigger({ function_id: 'f', timeoutMs: 100 }));
    const [call] = link.take();
    await clock.advanceAsync(1_000);
    expect(await failure).toMatchObject({
      name: 'InvocationError',
      code: 'TIMEOUT',
      message: 'TIMEOUT: invocation timed out after 100ms',
    });
    link.receive(answerTo(call));
    await clock.advanceAsync(1_000);
    expect(link.take()).toEqual([
      { type: 'cancelinvocation', invocation_id: call?.invocation_id, reason: 'TIMEOUT' },
    ]);
  });

  it('is cancelled even when it was sent before the engine greeted', async () => {
    const { client, link, clock } = testClient();
    const failure = outcome(client.trigger({ function_id: 'f', timeoutMs: 100 }));
    link.up().receive(GREETING).take();
    await clock.advanceAsync(1_000);
    expect(await failure).toMatchObject({ code: 'TIMEOUT' });
    expect(link.types()).toEqual(['cancelinvocation']);
  });

  it('costs an engine that knows no cancelling nothing', async () => {
    const { client, link, clock } = connectedClient();
    const failure = outcome(client.trigger({ function_id: 'f', timeoutMs: 100 }));
    link.take();
    await clock.advanceAsync(1_000);
    expect(await failure).toMatchObject({ code: 'TIMEOUT' });
    expect(link.take()).toEqual([]);
  });
});

describe('a call that is aborted', () => {
  it('rejects at once with the reason, and is cancelled once, timeout or late answer or not', async () => {
    const { client, link, clock } = agreedClient();
    const { signal, abort, listeners } = countedSignal();
    const failure = outcome(client.trigger({ function_id: 'f', timeoutMs: 100, signal }));
    const [call] = link.take();
    const reason = new Error('the user left');
    abort(reason);
    expect(await failure).toBe(reason);
    abort();
    link.receive(answerTo(call));
    await clock.advanceAsync(1_000);
    expect(link.take()).toEqual([
      { type: 'cancelinvocation', invocation_id: call?.invocation_id, reason: 'the user left' },
    ]);
    expect([listeners(), clock.pending]).toEqual([0, 0]);
  });

  it.each([
    ['words', 'words', 'words'],
    ['', '', undefined],
    ['x'.repeat(1_000), 'x'.repeat(1_000), 'x'.repeat(256)],
    [{ why: 1 }, { why: 1 }, undefined],
    [0, 0, undefined],
    [null, expect.objectContaining({ name: 'AbortError' }), undefined],
    [undefined, expect.objectContaining({ name: 'AbortError' }), 'This operation was aborted'],
  ])('for the reason %j', async (reason, rejection, told) => {
    const { client, link } = agreedClient();
    const { signal, abort } = countedSignal();
    const failure = outcome(client.trigger({ function_id: 'f', signal }));
    link.take();
    abort(reason);
    expect(await failure).toEqual(rejection);
    expect(link.take()[0]?.reason).toBe(told);
  });

  it.each([undefined, TriggerAction.Void(), TriggerAction.Enqueue({ queue: 'q' })])(
    'before it is made is not sent, with the action %j',
    async (action) => {
      const { client, link } = agreedClient();
      const reason = new Error('no');
      const signal = AbortSignal.abort(reason);
      const request = { function_id: 'f', signal, ...(action === undefined ? {} : { action }) };
      expect(await outcome(client.trigger(request))).toBe(reason);
      expect(link.take()).toEqual([]);
    },
  );

  it('while it waits for a connection is never sent', async () => {
    const { client, link } = testClient();
    const { signal, abort, listeners } = countedSignal();
    const failure = outcome(client.trigger({ function_id: 'aborted', signal }));
    const kept = client.trigger({ function_id: 'kept' });
    abort('no');
    expect(await failure).toBe('no');
    link.up().receive(GREETING);
    const calls = link.take().slice(1);
    expect(calls).toMatchObject([{ function_id: 'kept' }, { type: 'useextensions' }]);
    link.receive(answerTo(calls[0]));
    expect([await kept, listeners()]).toEqual([1, 0]);
  });

  it('makes room for others that wait for a connection', async () => {
    const { client } = testClient();
    const { signal, abort } = countedSignal();
    const many = Array.from({ length: 10_000 }, () => outcome(client.trigger({ function_id: 'f', signal })));
    expect(await outcome(client.trigger({ function_id: 'f' }))).toMatchObject({ code: 'OFFLINE_QUEUE_FULL' });
    abort('no');
    expect(new Set(await Promise.all(many))).toEqual(new Set(['no']));
    void client.trigger({ function_id: 'f', action: TriggerAction.Void() });
    await client.trigger({ function_id: 'f', action: TriggerAction.Void() });
  });

  it('rejects the same way where the engine knows no cancelling, and nothing is sent', async () => {
    const { client, link } = connectedClient();
    const { signal, abort } = countedSignal();
    const failure = outcome(client.trigger({ function_id: 'f', signal }));
    link.take();
    abort('no');
    expect(await failure).toBe('no');
    expect(link.take()).toEqual([]);
  });

  it('after it has ended changes nothing, and nothing listens by then however it ended', async () => {
    const { client, link, clock } = agreedClient();
    const { signal, abort, listeners } = countedSignal();
    const call = (timeoutMs: number) => outcome(client.trigger({ function_id: 'f', signal, timeoutMs }));
    const timedOut = call(10);
    const [answered, failed, lost, dead] = [call(60_000), call(60_000), call(60_000), call(60_000)];
    const [, one, two] = link.take();
    link.receive(answerTo(one));
    link.receive({ ...answerTo(two), error: { code: 'c', message: 'm' } });
    await clock.advanceAsync(100);
    link.down();
    await Promise.all([timedOut, answered, failed, lost, dead]);
    expect(listeners()).toBe(0);
    const unsent = call(60_000);
    const circular = outcome(client.trigger({ function_id: 'f', payload: 1n, signal }));
    await client.shutdown();
    await Promise.all([unsent, circular]);
    expect(listeners()).toBe(0);
    link.take();
    abort();
    expect(link.take()).toEqual([]);
  });

  it('together with others by one signal puts one listener on it', async () => {
    const { client, link } = agreedClient();
    const { signal, abort, listeners } = countedSignal();
    const calls = Array.from({ length: 50 }, () => outcome(client.trigger({ function_id: 'f', signal })));
    expect(listeners()).toBe(1);
    link.receive(answerTo(link.take()[0]));
    expect(await calls[0]).toBe(1);
    expect(listeners()).toBe(1);
    abort('no');
    expect(new Set(await Promise.all(calls.slice(1)))).toEqual(new Set(['no']));
    expect(link.types()).toEqual(Array.from({ length: 49 }, () => 'cancelinvocation'));
  });
});
