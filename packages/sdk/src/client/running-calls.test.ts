import { describe, expect, expectTypeOf, it } from 'vitest';
import type { FunctionHandler, HandlerContext, RemoteFunctionHandler } from '../engine.js';
import { CancellationError } from '../errors.js';
import { connectedClient, settle, type TestClient } from '../test-support.js';
import type { IIIClient } from '../types/client.js';
import type { JsonValue } from '../types/json.js';

interface Handling extends TestClient {
  readonly signal: AbortSignal;
  /** Ends the handler and lets its answer travel. */
  finish(result: unknown): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** A client whose handler is at work on a call. */
async function handling(call: object = { invocation_id: 'i' }): Promise<Handling> {
  const test = connectedClient();
  let signal: AbortSignal | undefined;
  let end: { resolve(value: unknown): void; reject(error: unknown): void } | undefined;
  test.client.registerFunction('f', (_data, _metadata, context) => {
    signal = context.signal;
    return new Promise((resolve, reject) => (end = { resolve, reject }));
  });
  test.link.take();
  test.link.receive({ type: 'invokefunction', function_id: 'f', data: 1, ...call });
  return {
    ...test,
    signal: signal!,
    finish: async (result) => {
      end?.resolve(result);
      await settle();
    },
    fail: async (error) => {
      end?.reject(error);
      await settle();
    },
  };
}

const CANCEL = { type: 'cancelinvocation', invocation_id: 'i', reason: 'the user left' };
const EMPTY = { type: 'invocationresult', invocation_id: 'i', function_id: 'f' };

describe('the signal of a handler', () => {
  it('is not aborted while somebody waits', async () => {
    const { link, signal, finish } = await handling();
    await finish(5);
    link.receive(CANCEL);
    expect(signal.aborted).toBe(false);
    expect(link.take()).toEqual([{ ...EMPTY, result: 5 }]);
  });

  it('is aborted when the call is cancelled, with what was said about it', async () => {
    const { link, signal } = await handling();
    link.receive({ ...CANCEL, invocation_id: 'another' });
    expect(signal.aborted).toBe(false);
    link.receive(CANCEL);
    expect(signal.reason).toBeInstanceOf(CancellationError);
    expect(signal.reason).toMatchObject({
      name: 'CancellationError',
      code: 'CANCELLED',
      reason: 'the user left',
      message: 'CANCELLED: the user left',
    });
    link.receive({ ...CANCEL, reason: 'again' });
    link.down();
    expect(signal.reason).toMatchObject({ reason: 'the user left' });
  });

  it('says so when nothing was said', async () => {
    const { link, signal } = await handling();
    link.receive({ type: 'cancelinvocation', invocation_id: 'i' });
    expect(signal.reason).toMatchObject({ reason: 'the caller does not wait any more' });
  });

  it('is aborted already when it is asked for later', async () => {
    const { client, link } = connectedClient();
    let context: HandlerContext | undefined;
    client.registerFunction('f', (_data, _metadata, given) => {
      context = given;
      return new Promise(() => {});
    });
    link.receive({ type: 'invokefunction', invocation_id: 'i', function_id: 'f', data: 1 }).receive(CANCEL);
    expect(context?.signal.reason).toMatchObject({ code: 'CANCELLED' });
    expect(context?.signal).toBe(context?.signal);
  });

  it('is aborted when the connection is lost, since the caller has been told', async () => {
    const { link, signal } = await handling();
    link.down();
    expect(signal.reason).toMatchObject({
      code: 'CONNECTION_LOST',
      reason: 'the connection to ws://engine.test was closed (1006)',
    });
  });

  it('is not aborted by a lost connection when nobody waits for an answer', async () => {
    const { client, link, signal } = await handling({});
    link.down();
    expect(signal.aborted).toBe(false);
    await client.shutdown();
    expect(signal.reason).toMatchObject({ code: 'SHUTDOWN' });
  });

  it('is aborted when the engine refuses the worker, and when that shuts down', async () => {
    const refused = await handling();
    refused.link.receive({
      type: 'registrationrejected',
      code: 'WORKER_NAMESPACE_CONFLICT',
      namespace: 'default',
      owner_worker_id: 'w',
    });
    expect(refused.signal.reason).toMatchObject({ code: 'CONNECTION_LOST' });
    const shut = await handling();
    await shut.client.shutdown();
    expect(shut.signal.reason).toMatchObject({
      code: 'SHUTDOWN',
      message: 'SHUTDOWN: this worker is shutting down',
    });
  });

  it('ends calls the handler makes with it', async () => {
    const { client, link } = connectedClient();
    let nested: Promise<unknown> | undefined;
    client.registerFunction('f', (_data, _metadata, { signal }) => {
      nested = client.trigger({ function_id: 'g', signal }).catch((error: unknown) => error);
      return nested;
    });
    link.receive({ type: 'invokefunction', invocation_id: 'i', function_id: 'f', data: 1 }).receive(CANCEL);
    expect(await nested).toMatchObject({ code: 'CANCELLED', reason: 'the user left' });
  });
});

describe('the answer of a handler', () => {
  it.each(['finish', 'fail'] as const)(
    'is sent without its content once its call is cancelled, so that the engine knows it is over (%s)',
    async (end) => {
      const { link, lines, [end]: over } = await handling();
      link.receive(CANCEL);
      await settle();
      expect(link.take()).toEqual([]);
      await over(new Error('large, or secret'));
      expect([link.take(), lines]).toEqual([[EMPTY], []]);
    },
  );

  it.each(['finish', 'fail'] as const)(
    'is not sent, now or later, once the connection it came over is lost (%s)',
    async (end) => {
      const { link, lines, [end]: over } = await handling();
      link.receive(CANCEL).down();
      await over(new Error('boom'));
      link.up();
      expect([link.types().includes('invocationresult'), lines]).toEqual([false, []]);
    },
  );

  it('that nobody waits for is not an error when its handler was told to stop', async () => {
    const { client, lines, fail, signal } = await handling({});
    await client.shutdown();
    await fail(signal.reason);
    expect(lines).toEqual([]);
  });
});

describe('the types of handlers', () => {
  it('are those of the official package, with a third argument for those that want it', () => {
    const official: RemoteFunctionHandler<{ a: number }, number> = async ({ a }, metadata?: JsonValue) =>
      metadata === undefined ? a : 0;
    // Called directly, as tests of handlers do.
    expectTypeOf(official({ a: 1 })).toEqualTypeOf<Promise<number> | number>();
    expectTypeOf(official).toExtend<FunctionHandler<{ a: number }, number>>();
    expectTypeOf<Parameters<FunctionHandler>[2]>().toEqualTypeOf<HandlerContext>();
  });

  it('leave shutdown usable wherever a function without arguments is', () => {
    const { client } = connectedClient();
    const onSignal: (name: 'SIGTERM', code: number) => void = client.shutdown;
    expectTypeOf(onSignal).toBeFunction();
    const mock: Pick<IIIClient, 'shutdown'> = { shutdown: async () => {} };
    expectTypeOf(mock.shutdown({ drainMs: 1 })).toEqualTypeOf<Promise<void>>();
  });
});
