import { EngineFunction, RAW_EMPTY_OBJECT } from 'iii-protocol';
import { ENGINE_FUNCTIONS, type EngineFunctionOutput } from 'iii-protocol/engine-functions';
import { Value } from 'iii-protocol/schema';
import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

type Status = EngineFunctionOutput<'engine::status'>;

function setup(...options: ConstructorParameters<typeof TestEngine>) {
  const engine = new TestEngine(...options);
  const asker = engine.worker('asker');
  return { engine, asker, status: () => asker.ask('engine::status') as Status };
}

/** What became of the calls so far. */
function calls(status: () => Status): number[] {
  const { in_flight, total, failed } = status().invocations;
  return [in_flight, total, failed];
}

function taken(worker: TestWorker) {
  return worker.take('invokefunction')[0];
}

describe('engine::status', () => {
  it('answers as its schema says, before and after it measures the event loop', () => {
    const { status } = setup();
    const { response } = ENGINE_FUNCTIONS[EngineFunction.Status];
    const [first, second] = [status(), status()];
    expect([first.event_loop_lag_ms, second.event_loop_lag_ms]).toEqual([undefined, 0]);
    expect([...Value.Errors(response, first), ...Value.Errors(response, second)]).toEqual([]);
  });

  it('tells who it is and for how long it has been up, whatever becomes of the clock', () => {
    const { engine, status } = setup({}, 'latest');
    const startedAtMs = engine.clock.now();
    engine.clock.advance(1_500);
    engine.clock.jump(-60_000);
    expect(status()).toMatchObject({
      version: '1.2.3',
      started_at_ms: startedAtMs,
      uptime_ms: 1_500,
      pid: process.pid,
      replicas_mode: 'latest',
    });
  });

  it('tells what the process uses', () => {
    const { memory } = setup().status();
    expect(memory.heap_used_bytes).toBeGreaterThan(1_000_000);
    expect(memory.rss_bytes).toBeGreaterThan(memory.heap_used_bytes);
  });

  it('counts connections apart from workers in the process', () => {
    const { engine, status } = setup();
    // The one that asks, and the worker the engine’s own functions belong to.
    expect(status().workers).toEqual({ connected: 1, in_process: 1 });
    const shop = engine.worker('shop');
    engine.connect();
    engine.connect({ name: 'iii-http', instance: 'web', version: '1' });
    expect(status().workers).toEqual({ connected: 3, in_process: 2 });
    shop.disconnect();
    expect(status().workers).toEqual({ connected: 2, in_process: 2 });
  });

  it('counts functions and trigger types as the listings show them', () => {
    const { engine, asker, status } = setup();
    engine
      .worker('shop')
      .offer('shop::buy')
      .offer('shop::secret', { metadata: { internal: true } })
      .send({ type: 'registertriggertype', id: 'hook', description: '' });
    engine.worker('replica').offer('shop::buy');
    engine.worker('elsewhere', { namespace: 'elsewhere' }).offer('shop::buy');
    const listed = (id: string) => Object.values(asker.ask(id) as Record<string, unknown[]>)[0]?.length;
    expect(status()).toMatchObject({ functions: 2, trigger_types: 1 });
    expect(listed('engine::functions::list')).toBe(2);
    expect(listed('engine::triggers::list')).toBe(1);
  });

  it('counts triggers that wait apart from those that are live', () => {
    const { engine, asker, status } = setup();
    const bind = (id: string, trigger_type: string, function_id = 'shop::buy') =>
      asker.send({ type: 'registertrigger', id, trigger_type, function_id, config: {} });
    bind('a', 'hook');
    bind('b', 'hook');
    bind('c', 'cron');
    bind('d', 'cron', 'engine::workers::list');
    expect(status().triggers).toEqual({ live: 0, pending: 3 });
    const provider = engine.worker('hooks');
    provider.send({ type: 'registertriggertype', id: 'hook', description: '' });
    expect(status().triggers).toEqual({ live: 2, pending: 1 });
    provider.disconnect();
    expect(status().triggers).toEqual({ live: 0, pending: 3 });
  });

  it('lists the ports it accepts workers on', () => {
    const { engine, status } = setup();
    expect(status().listeners).toEqual([]);
    engine.core.sessions.addEngineWorker({
      name: 'iii-worker-manager',
      instance: 'inside',
      version: '1.2.3',
      startedAtMs: 0,
      listener: { address: '127.0.0.1:49134', driver: 'uws' },
    });
    expect(status().listeners).toEqual([{ name: 'inside', address: '127.0.0.1:49134', driver: 'uws' }]);
  });

  it('adds up what waits to be sent', () => {
    const { engine, asker, status } = setup();
    asker.bufferedBytes = 10;
    const slow = engine.worker('slow');
    slow.bufferedBytes = 500;
    expect(status().outbox_bytes).toBe(510);
    slow.disconnect();
    expect(status().outbox_bytes).toBe(10);
  });
});

describe('the calls engine::status counts', () => {
  function withShop(...options: ConstructorParameters<typeof TestEngine>) {
    const all = setup(...options);
    const shop = all.engine.worker('shop').offer('shop::buy');
    return { ...all, shop };
  }

  it('are those of workers’ functions, not those of the engine’s', () => {
    const { asker, shop, status } = withShop();
    asker.ask('engine::workers::list');
    expect(calls(status)).toEqual([0, 0, 0]);
    asker.call('shop::buy');
    expect(calls(status)).toEqual([1, 1, 0]);
    shop.respond(taken(shop), { result: 1 });
    expect(calls(status)).toEqual([0, 1, 0]);
  });

  it('include those nobody waits for', () => {
    const { asker, shop, status } = withShop();
    asker.send({ type: 'invokefunction', function_id: 'shop::buy', data: {}, action: { type: 'void' } });
    shop.respond(taken(shop), { error: { code: 'X', message: 'no' } });
    expect(calls(status)).toEqual([0, 1, 1]);
  });

  it('fail when they are answered with an error, or have no function', () => {
    const { asker, shop, status } = withShop();
    asker.call('shop::buy');
    shop.respond(taken(shop), { error: { code: 'X', message: 'no' } });
    asker.call('no::such');
    expect(calls(status)).toEqual([0, 2, 2]);
  });

  it('fail when their executor leaves or cannot be reached', () => {
    const { asker, shop, status } = withShop();
    asker.call('shop::buy');
    shop.delivery = 'too_large';
    asker.call('shop::buy');
    expect(calls(status)).toEqual([1, 2, 1]);
    shop.disconnect();
    expect(calls(status)).toEqual([0, 2, 2]);
  });

  it('fail when the caller has too many of them', () => {
    const { engine, status } = withShop({ maxInFlight: 1 });
    const eager = engine.worker('eager');
    eager.call('shop::buy');
    eager.call('shop::buy');
    expect(calls(status)).toEqual([1, 2, 1]);
  });

  it('fail once when their deadline passes, whatever the executor answers then', () => {
    const { engine, asker, shop, status } = withShop();
    asker.agreeOn('cancel');
    asker.call('shop::buy', {}, { deadline_ms: 100 });
    const call = taken(shop);
    engine.clock.advance(300);
    expect(calls(status)).toEqual([1, 1, 1]);
    shop.respond(call, { error: { code: 'X', message: 'too late' } });
    expect(calls(status)).toEqual([0, 1, 1]);
  });

  it('fail once when the engine itself gives up on them', async () => {
    const { engine, shop, status } = withShop();
    const outcome = engine.core.router.call({
      functionId: 'shop::buy',
      data: RAW_EMPTY_OBJECT,
      timeoutMs: 100,
    });
    engine.clock.advance(300);
    expect((await outcome).error?.code).toBe('TIMEOUT');
    shop.disconnect();
    expect(calls(status)).toEqual([0, 1, 1]);
  });
});
