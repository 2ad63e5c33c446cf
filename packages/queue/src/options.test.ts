import { describe, expect, it } from 'vitest';
import { Calls, Gate, QueueBench } from './test-support.js';

const q = (settings: object) => ({ queue_configs: { q: settings } });
const eventually = { timeout: 15_000 };

describe('what a job may ask for', () => {
  it('a delay, or a time: it is not started before', async () => {
    await using bench = await QueueBench.start({}, { clock: 'manual' });
    const { clock } = bench.engine;
    const calls = new Calls<string>();
    bench.client.registerFunction('work', async (name: string) => calls.note(name));
    await bench.enqueue('default', 'work', 'delayed', { delay_ms: 5_000 });
    await bench.enqueue('default', 'work', 'at', { run_at: new Date(clock.now() + 90_000).toISOString() });
    await bench.enqueue('default', 'work', 'past', { run_at: 5 });
    await bench.enqueue('default', 'work', 'now');
    expect((await calls.reach(2)).toSorted()).toEqual(['now', 'past']);
    await clock.advanceAsync(4_999);
    expect(calls.all).toHaveLength(2);
    await clock.advanceAsync(1);
    await calls.reach(3);
    await clock.advanceAsync(85_000);
    expect((await calls.reach(4)).slice(2)).toEqual(['delayed', 'at']);
  });

  it('a clock that jumps ahead is noticed within a minute', async () => {
    await using bench = await QueueBench.start({}, { clock: 'manual' });
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async () => calls.note(1));
    await bench.enqueue('default', 'work', {}, { delay_ms: 86_400_000 });
    bench.engine.clock.jump(86_400_000);
    await bench.engine.clock.advanceAsync(60_000);
    await calls.reach(1);
  });

  it('a time to live: what is not started within it is dead', async () => {
    await using bench = await QueueBench.start(q({ paused: true }), { clock: 'manual' });
    await bench.enqueue('q', 'work', { n: 1 }, { ttl_ms: 2_000 });
    await bench.enqueue('q', 'work', { n: 2 });
    await bench.engine.clock.advanceAsync(2_000);
    await expect
      .poll(() => bench.dead('q'), eventually)
      .toMatchObject([{ payload: { n: 1 }, error: expect.stringMatching(/^expired: /), retries: 0 }]);
    expect(await bench.stats('q')).toMatchObject({ depth: 1 });
  });

  it('a function for its dead letter', async () => {
    await using bench = await QueueBench.start(q({ max_retries: 0 }));
    const calls = new Calls<unknown>();
    bench.client.registerFunction('fails', async () => {
      throw new Error('no');
    });
    bench.client.registerFunction('bury', async (letter) => calls.note(letter));
    const { messageReceiptId } = await bench.enqueue('q', 'fails', { n: 1 }, { on_failure: 'bury' });
    expect(await calls.reach(1)).toMatchObject([
      { queue: 'q', id: messageReceiptId, payload: { n: 1 }, error: 'invocation_failed: no' },
    ]);
  });

  it('a key: a hundred at once are one job, and a hundred equal receipts', async () => {
    await using bench = await QueueBench.start(q({ paused: true }));
    const receipts = await Promise.all(
      Array.from({ length: 100 }, () => bench.enqueue('q', 'work', {}, { dedup_key: 'welcome:42' })),
    );
    expect(new Set(receipts.map(({ messageReceiptId }) => messageReceiptId)).size).toBe(1);
    expect(receipts.filter(({ deduplicated }) => deduplicated)).toHaveLength(99);
    expect(await bench.stats('q')).toMatchObject({ depth: 1 });
  });

  it.each([
    [{ delay_ms: 1, run_at: 5 }, 'delay_ms and run_at'],
    [{ delay_ms: -1 }, 'delay_ms'],
    [{ delay_ms: '5' }, 'delay_ms'],
    [{ run_at: 'tomorrow' }, 'run_at "tomorrow"'],
    [{ run_at: 9e15 }, 'later than any time'],
    [{ priority: 256 }, 'priority'],
    [{ dedup_key: '' }, 'dedup_key'],
    [{ on_duplicate: 'ignore' }, 'on_duplicate'],
    [{ jitter: 2 }, 'jitter'],
    [{ ttl_ms: 0 }, 'ttl_ms'],
    [{ dealy_ms: 5 }, 'dealy_ms'],
  ])('refuses %j', async (options, message) => {
    await using bench = await QueueBench.start();
    await expect(bench.enqueue('default', 'work', {}, options)).rejects.toMatchObject({
      code: 'enqueue_error',
      message: expect.stringContaining(message),
    });
  });
});

describe('what a queue may ask for', () => {
  it('a limit of jobs for each key', async () => {
    await using bench = await QueueBench.start(q({ concurrency_key: 'tenant', concurrency_per_key: 1 }));
    const gate = new Gate();
    const calls = new Calls<string>();
    bench.client.registerFunction('work', async ({ tenant, n }: { tenant: string; n: number }) => {
      calls.note(`${tenant}${n}`);
      await gate.passed();
    });
    for (const n of [1, 2]) for (const tenant of ['a', 'b']) await bench.enqueue('q', 'work', { tenant, n });
    expect((await calls.reach(2)).toSorted()).toEqual(['a1', 'b1']);
    expect(await bench.stats('q')).toMatchObject({ in_flight: 2, waiting: 2 });
    gate.open();
    await calls.reach(4);
  });

  it('a limit of starts in a time', async () => {
    await using bench = await QueueBench.start(q({ rate_limit: { max: 2, per_ms: 1_000 } }), {
      clock: 'manual',
    });
    const calls = new Calls<number>();
    bench.client.registerFunction('work', async (n: number) => calls.note(n));
    for (let n = 0; n < 5; n++) await bench.enqueue('q', 'work', n);
    await calls.reach(2);
    await bench.engine.clock.advanceAsync(999);
    expect(calls.all).toEqual([0, 1]);
    await bench.engine.clock.advanceAsync(1);
    expect(await calls.reach(4)).toEqual([0, 1, 2, 3]);
    await bench.engine.clock.advanceAsync(1_000);
    expect(await calls.reach(5)).toEqual([0, 1, 2, 3, 4]);
  });

  it('a limit of jobs and of bytes', async () => {
    await using bench = await QueueBench.start(q({ paused: true, max_length: 2, max_payload_bytes: 100 }));
    for (let n = 0; n < 2; n++) await bench.enqueue('q', 'work', n);
    await expect(bench.enqueue('q', 'work', 3)).rejects.toThrow(/queue_full/);
    await expect(bench.enqueue('q', 'work', 'x'.repeat(100))).rejects.toThrow(/max_payload_bytes/);
  });
});

describe('jobs and queues under control', () => {
  it('a batch is accepted whole or not at all, unless it need not be', async () => {
    await using bench = await QueueBench.start(q({ paused: true }));
    const jobs = [
      { queue: 'q', function_id: 'f', data: 1 },
      { queue: 'nowhere', function_id: 'f', data: 2 },
    ];
    await expect(bench.call('iii::queue::enqueue_batch', { jobs })).rejects.toMatchObject({
      code: 'queue_not_found',
    });
    expect(await bench.stats('q')).toMatchObject({ depth: 0 });
    expect(await bench.call('iii::queue::enqueue_batch', { jobs, atomic: false })).toEqual({
      receipts: [
        { messageReceiptId: expect.any(String) },
        { error: { code: 'queue_not_found', message: expect.any(String) } },
      ],
    });
    expect(await bench.stats('q')).toMatchObject({ depth: 1 });
  });

  it('a job is shown, listed and cancelled, wherever it is', async () => {
    await using bench = await QueueBench.start(q({ concurrency: 1 }));
    const calls = new Calls<unknown>();
    const aborted = new Calls<unknown>();
    bench.client.registerFunction('work', (data, _, { signal }) => {
      calls.note(data);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.note(1);
          reject(signal.reason);
        });
      });
    });
    const active = (await bench.enqueue('q', 'work', 'active')).messageReceiptId;
    await calls.reach(1);
    const waiting = (await bench.enqueue('q', 'work', 'waiting')).messageReceiptId;
    const delayed = (await bench.enqueue('q', 'work', 'delayed', { delay_ms: 3_600_000 })).messageReceiptId;
    const states = { active, waiting, delayed };
    for (const [state, message_id] of Object.entries(states)) {
      expect(await bench.call('iii::queue::get', { message_id })).toMatchObject({
        id: message_id,
        state,
        queue: 'q',
      });
      expect(await bench.call('iii::queue::list', { queue: 'q', state })).toMatchObject([{ id: message_id }]);
    }
    for (const message_id of [delayed, waiting, active]) {
      expect(await bench.call('iii::queue::cancel', { message_id })).toEqual({ cancelled: true });
    }
    await aborted.reach(1);
    await expect.poll(() => bench.stats('q'), eventually).toMatchObject({ depth: 0, dlq_depth: 0 });
    expect(calls.all).toEqual(['active']);
    expect(await bench.call('iii::queue::cancel', { message_id: active })).toEqual({ cancelled: false });
  });

  it('a paused queue accepts and does not start; purged, it is empty', async () => {
    await using bench = await QueueBench.start();
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async (n) => calls.note(n));
    expect(await bench.call('iii::queue::pause', { queue: 'default' })).toEqual({ paused: true });
    for (let n = 0; n < 3; n++) await bench.enqueue('default', 'work', n);
    expect(await bench.call('iii::queue::purge', { queue: 'default' })).toEqual({ purged: 3 });
    await bench.enqueue('default', 'work', 'kept');
    await bench.call('iii::queue::resume', { queue: 'default' });
    expect(await calls.reach(1)).toEqual(['kept']);
  });

  it('a subscriber that is forgotten leaves nothing behind', async () => {
    await using bench = await QueueBench.start();
    const binding = bench.client.registerTrigger({
      type: 'durable:subscriber',
      function_id: 'gone',
      config: { topic: 't' },
    });
    await expect.poll(() => bench.stats('t'), eventually).toMatchObject({ consumer_count: 1 });
    binding.unregister();
    await expect.poll(() => bench.stats('t'), eventually).toMatchObject({ consumer_count: 0 });
    for (const data of [1, 2]) await bench.call('iii::durable::publish', { topic: 't', data });
    const target = { topic: 't', function_id: 'gone' };
    expect(await bench.call('iii::queue::remove_destination', target)).toEqual({
      removed: true,
      discarded: 2,
    });
    expect(await bench.call('iii::queue::remove_destination', target)).toEqual({
      removed: false,
      discarded: 0,
    });
    expect(await bench.call('engine::queue::list_topics')).not.toContainEqual(
      expect.objectContaining({ name: 't' }),
    );
  });

  it('queue:event triggers hear of a job from end to end', async () => {
    await using bench = await QueueBench.start(q({ max_retries: 1, backoff_ms: 1 }));
    const events = new Calls<{ event: string }>();
    bench.client.registerFunction('hear', async (event: { event: string }) => events.note(event));
    bench.client.registerTrigger({ type: 'queue:event', function_id: 'hear', config: { queue: 'q' } });
    bench.client.registerFunction('fails', async () => {
      throw new Error('no');
    });
    await expect
      .poll(
        () => bench.call('engine::registered-triggers::list', { trigger_type: 'queue:event' }),
        eventually,
      )
      .toMatchObject({ registered_triggers: [{ status: 'live' }] });
    await bench.enqueue('q', 'fails', {});
    expect((await events.reach(5)).map(({ event }) => event)).toEqual([
      'enqueued',
      'started',
      'retried',
      'started',
      'dead_lettered',
    ]);
    expect(events.all[4]).toMatchObject({
      queue: 'q',
      attempt: 2,
      error: { code: 'invocation_failed', message: 'no' },
    });
  });
});

describe('a configuration', () => {
  it.each([
    [{ orders: { type: 'fifo' } }, /orders.*message_group_field/],
    [{ orders: { type: 'invalid_type' } }, /orders.*invalid_type/],
    [{ orders: { concurrency: 0 } }, /orders.*concurrency/],
    [{ orders: { max_priority: 0 } }, /orders.*max_priority/],
    [{ orders: { max_retrys: 1 } }, /orders.*max_retrys.*max_retries/],
    [{ orders: { message_group_field: ' ' } }, /orders.*message_group_field/],
    [{ ' orders': {} }, /orders.*space/],
  ])('is refused: %j', async (queue_configs, message) => {
    await expect(QueueBench.start({ queue_configs })).rejects.toThrow(message);
  });

  it('is taken while jobs run: what is changed counts at once, what is gone takes none, default stays', async () => {
    await using bench = await QueueBench.start({ queue_configs: { kept: { concurrency: 1 }, gone: {} } });
    const gate = new Gate();
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async (n) => {
      calls.note(n);
      await gate.passed();
    });
    for (let n = 0; n < 3; n++) await bench.enqueue('kept', 'work', n);
    await calls.reach(1);
    const { QueueConfig } = await import('./config.js');
    const { readConfig } = await import('iii-worker');
    const reconfigure = (config: object) =>
      bench.worker.reconfigure?.(readConfig('iii-queue', QueueConfig, config)) ??
      Promise.reject(new Error('it cannot'));
    await reconfigure({ queue_configs: { kept: { concurrency: 3 }, added: {} } });
    expect(await calls.reach(3)).toEqual([0, 1, 2]);
    await expect(bench.enqueue('gone', 'work', {})).rejects.toThrow(/not found/);
    await bench.enqueue('added', 'work', 'a');
    await bench.enqueue('default', 'work', 'd');
    expect((await calls.reach(5)).slice(3).toSorted()).toEqual(['a', 'd']);
    await expect(reconfigure({ queue_configs: { kept: { type: 'fifo' } } })).rejects.toThrow(
      /message_group_field/,
    );
    await expect(reconfigure({ adapter: { name: 'in_memory' } })).rejects.toMatchObject({
      code: 'adapter_changed',
    });
    gate.open();
  });
});
