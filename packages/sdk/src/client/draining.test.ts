import { describe, expect, it } from 'vitest';
import { agreedClient, outcome, settle, type TestClient, testClient } from '../test-support.js';

const invocation = (invocation_id: string | undefined, function_id = 'f') => ({
  type: 'invokefunction',
  ...(invocation_id === undefined ? {} : { invocation_id }),
  function_id,
  data: 1,
});

interface Draining extends TestClient {
  readonly signals: AbortSignal[];
  /** Ends the handlers that are at work, in the order they began. */
  readonly finish: Array<(value: unknown) => void>;
  isDone(): boolean;
  shutdown(drainMs: number): Promise<void>;
}

/** A worker with a function and a trigger. */
function worker(test: TestClient = agreedClient()): Draining {
  const signals: AbortSignal[] = [];
  const finish: Draining['finish'] = [];
  let isDone = false;
  test.client.registerFunction('f', (_data, _metadata, { signal }) => {
    signals.push(signal);
    return new Promise((resolve) => finish.push(resolve));
  });
  test.client.registerTrigger({ type: 'http', function_id: 'f', config: {} });
  test.link.take();
  const shutdown = async (drainMs: number) => {
    await test.client.shutdown({ drainMs });
    isDone = true;
  };
  return { ...test, signals, finish, shutdown, isDone: () => isDone };
}

describe('shutting down with time to finish', () => {
  it('takes back triggers, then functions, and asks the engine to say when it has', async () => {
    const { link, shutdown } = worker();
    const done = shutdown(1_000);
    expect(link.take()).toEqual([
      { type: 'unregistertrigger', id: expect.any(String) as string, trigger_type: 'http' },
      { type: 'unregisterfunction', id: 'f' },
      { type: 'ping' },
    ]);
    expect(link.closed).toBeUndefined();
    link.receive({ type: 'pong' });
    await done;
    expect(link.closed).toBe('closed');
  });

  it('answers what runs, and what was on its way when the function was taken back', async () => {
    const { link, clock, shutdown, finish, isDone } = worker();
    link.receive(invocation('running'));
    const done = shutdown(1_000);
    link.receive(invocation('on its way'));
    link.receive({ type: 'pong' }).take();
    await settle();
    finish[0]?.('a');
    await settle();
    expect(isDone()).toBe(false);
    finish[1]?.('b');
    await done;
    expect(link.take()).toMatchObject([
      { invocation_id: 'running', result: 'a' },
      { invocation_id: 'on its way', result: 'b' },
    ]);
    expect([link.closed, clock.pending]).toEqual(['closed', 0]);
  });

  it('does so on a later connection as on the first', async () => {
    const { link, shutdown, finish, isDone } = worker();
    link.receive({ type: 'pong' }).down().up().take();
    const done = shutdown(1_000);
    await settle();
    expect([link.types().at(-1), isDone()]).toEqual(['ping', false]);
    link.receive(invocation('on its way'));
    link.receive({ type: 'pong' }).take();
    finish[0]?.('a');
    await done;
    expect(link.take()).toMatchObject([{ invocation_id: 'on its way', result: 'a' }]);
  });

  it('waits for handlers that answer nobody', async () => {
    const { link, shutdown, finish, isDone } = worker();
    link.receive(invocation(undefined));
    const done = shutdown(1_000);
    link.receive({ type: 'pong' });
    await settle();
    expect(isDone()).toBe(false);
    finish[0]?.(1);
    await done;
  });

  it('stops what still runs when the time is over', async () => {
    const { link, clock, shutdown, signals, finish } = worker();
    link.receive(invocation('slow'));
    const done = shutdown(1_000);
    link.receive({ type: 'pong' });
    await clock.advanceAsync(999);
    expect(signals[0]?.aborted).toBe(false);
    await clock.advanceAsync(1);
    await done;
    expect(signals[0]?.reason).toMatchObject({ code: 'SHUTDOWN' });
    link.take();
    finish[0]?.('late');
    await settle();
    expect([link.take(), link.closed]).toEqual([[], 'closed']);
  });

  it('waits no longer than that for an engine that says nothing', async () => {
    const { clock, shutdown, isDone } = worker();
    const done = shutdown(1_000);
    await clock.advanceAsync(999);
    expect(isDone()).toBe(false);
    await clock.advanceAsync(1);
    await done;
  });

  it('waits for as long as it takes when the time is infinite', async () => {
    const { link, clock, shutdown, finish, isDone } = worker();
    link.receive(invocation('slow'));
    const done = shutdown(Number.POSITIVE_INFINITY);
    link.receive({ type: 'pong' });
    await clock.advanceAsync(2 ** 33);
    expect(isDone()).toBe(false);
    finish[0]?.(1);
    await done;
  });

  it.each([undefined, {}, { drainMs: 0 }, { drainMs: -1 }, { drainMs: Number.NaN }])(
    'is only done when asked for: not with %j',
    async (options) => {
      const { client, link, signals } = worker();
      link.receive(invocation('running'));
      const done = options === undefined ? client.shutdown() : client.shutdown(options);
      expect([link.take(), link.closed]).toEqual([[], 'closed']);
      await done;
      expect(signals[0]?.aborted).toBe(true);
    },
  );

  it('is joined by a second time, whatever that asks for', async () => {
    const { client, link, finish, shutdown, signals } = worker();
    link.receive(invocation('running'));
    const done = shutdown(1_000);
    const second = client.shutdown();
    expect(second).toBe(client.shutdown({ drainMs: 5 }));
    link.receive({ type: 'pong' });
    await settle();
    expect(signals[0]?.aborted).toBe(false);
    finish[0]?.(1);
    await Promise.all([done, second]);
    expect(link.types().filter((type) => type === 'unregisterfunction')).toHaveLength(1);
  });
});

describe('meanwhile', () => {
  it('calls can be made, and are rejected at the end', async () => {
    const { client, link, shutdown, finish } = worker();
    link.receive(invocation('running'));
    const done = shutdown(1_000);
    link.receive({ type: 'pong' }).take();
    const [answered, unanswered] = [
      client.trigger({ function_id: 'g' }),
      outcome(client.trigger({ function_id: 'h' })),
    ];
    const [call] = link.take();
    link.receive({
      type: 'invocationresult',
      invocation_id: call?.invocation_id,
      function_id: 'g',
      result: 1,
    });
    expect(await answered).toBe(1);
    finish[0]?.(1);
    await done;
    expect(await unanswered).toMatchObject({ message: 'iii is shutting down' });
  });

  it('nothing is offered any more, not even on a new connection', async () => {
    const { client, link, shutdown } = worker();
    link.receive(invocation(undefined));
    void shutdown(1_000);
    link.take();
    client.registerFunction('late', () => 1).unregister();
    client.registerTrigger({ type: 'http', function_id: 'f', config: {} });
    expect(link.take()).toEqual([]);
    void client.trigger({ function_id: 'g' }).catch(() => {});
    link.down().take();
    void client.trigger({ function_id: 'waiting' }).catch(() => {});
    link.up();
    expect(link.take().map(({ type, function_id }) => [type, function_id])).toEqual([
      ['reattach', undefined],
      ['invokefunction', 'engine::workers::register'],
      ['invokefunction', 'waiting'],
    ]);
  });

  it('a lost connection ends the wait for its engine, but not for handlers that can finish', async () => {
    const { link, shutdown, finish, signals, isDone } = worker();
    link.receive(invocation('running')).receive(invocation(undefined));
    const done = shutdown(1_000);
    link.down();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    finish[0]?.(1);
    await settle();
    expect(isDone()).toBe(false);
    finish[1]?.(1);
    await done;
    expect(link.closed).toBe('closed');
  });

  it('a refusal of the engine ends the wait for it', async () => {
    const { client, link, shutdown } = worker();
    const done = shutdown(1_000);
    const waiting = outcome(client.trigger({ function_id: 'g' }));
    const rejected = { type: 'registrationrejected', namespace: 'default', owner_worker_id: 'w' };
    link.receive({ ...rejected, code: 'WORKER_NAMESPACE_CONFLICT' });
    expect(await waiting).toMatchObject({ code: 'WORKER_NAMESPACE_CONFLICT' });
    await done;
  });

  it('a connection that is lost for good fails the calls that wait', async () => {
    const { client, link, shutdown, finish } = worker();
    link.receive(invocation(undefined));
    const done = shutdown(1_000);
    const waiting = outcome(client.trigger({ function_id: 'g' }));
    link.giveUp();
    expect(await waiting).toMatchObject({ code: 'CONNECTION_LOST' });
    expect(await outcome(client.trigger({ function_id: 'g' }))).toMatchObject({ code: 'CONNECTION_LOST' });
    finish[0]?.(1);
    await done;
    expect(await outcome(client.trigger({ function_id: 'g' }))).toMatchObject({
      message: 'iii is shutting down',
    });
  });
});

it('a worker that is not connected has nothing to wait for', async () => {
  const { link, clock, shutdown } = worker(testClient());
  await shutdown(1_000);
  expect([link.take(), link.closed, clock.pending]).toEqual([[], 'closed', 0]);
});
