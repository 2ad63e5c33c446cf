import { describe, expect, it } from 'vitest';
import { Calls, QueueBench, RECEIPT } from './test-support.js';

const config = {
  queue_configs: { small: { max_length: 2 }, orders: { type: 'fifo', message_group_field: 'id' } },
};

describe('jobs that come together', () => {
  it('are accepted, or refused, each for itself', async () => {
    await using bench = await QueueBench.start({ ...config });
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async (data, metadata) =>
      calls.note([data, (metadata as { tenant?: string }).tenant]),
    );
    const outcomes = await Promise.allSettled([
      bench.enqueue('default', 'work', 1),
      bench.enqueue('nowhere', 'work', 2),
      bench.enqueue('default', ' ', 3),
      bench.enqueue('orders', 'work', { id: '' }),
      bench.enqueue('default', 'work', 4, { surprise: 1 }),
      bench.enqueue('default', 'work', 5, { dedup_key: 'k' }),
      bench.enqueue('default', 'work', 6, { dedup_key: 'k' }),
      bench.enqueue('default', 'work', 7, { dedup_key: 'k', on_duplicate: 'reject' }),
      bench.client.trigger({
        function_id: 'work',
        payload: 8,
        action: { type: 'enqueue', queue: 'default' },
        metadata: { tenant: 't' },
      }),
    ]);
    const told = outcomes.map((one) => (one.status === 'rejected' ? String(one.reason.message) : one.value));
    const own = { messageReceiptId: expect.any(String) };
    expect(told).toEqual([
      own,
      expect.stringContaining("queue 'nowhere' not found"),
      expect.stringContaining('function_id is blank'),
      expect.stringContaining('message_group_field'),
      expect.stringContaining('surprise'),
      own,
      { ...(told[5] as object), deduplicated: true },
      expect.stringContaining('duplicate_job'),
      own,
    ]);
    expect((await calls.reach(3)).toSorted()).toEqual([
      [1, undefined],
      [5, undefined],
      [8, 't'],
    ]);
  });

  it('keep their order, and fill a queue no further than it may be', async () => {
    await using bench = await QueueBench.start({
      queue_configs: { small: { max_length: 2, concurrency: 1 } },
    });
    const outcomes = await Promise.allSettled([1, 2, 3, 4].map((n) => bench.enqueue('small', 'work', n)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(outcomes[2]).toMatchObject({ reason: { message: expect.stringContaining('queue_full') } });
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async (n) => calls.note(n));
    expect(await calls.reach(2)).toEqual([1, 2]);
  });

  it('may be handed in by anyone, as text', async () => {
    await using bench = await QueueBench.start();
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async (data, metadata) =>
      calls.note([data, (metadata as { k?: string }).k]),
    );
    const job = { queue: 'default', function_id: 'work', data: [1], metadata: { k: 'v' } };
    const jobs = [job, { ...job, surprise: 1 }, 7, { ...job, messageReceiptId: 'own' }];
    expect(await bench.call('engine::queue::enqueue_many', { jobs })).toEqual({
      replies: [
        { messageReceiptId: expect.stringMatching(RECEIPT) },
        null,
        null,
        { messageReceiptId: 'own' },
      ],
      errors: {
        1: { code: 'deserialization_error', message: expect.stringContaining('surprise') },
        2: { code: 'deserialization_error', message: expect.any(String) },
      },
    });
    expect(await calls.reach(2)).toEqual([
      [[1], 'v'],
      [[1], 'v'],
    ]);
    for (const [input, what] of [
      [{}, 'jobs: expected an array'],
      [{ jobs: Array(1_001).fill(job) }, 'jobs: 1001 are more than 1000'],
    ] as const) {
      await expect(bench.call('engine::queue::enqueue_many', input)).rejects.toMatchObject({
        code: 'deserialization_error',
        message: expect.stringContaining(what),
      });
    }
  });

  it('are not listed among the functions that people call', async () => {
    await using bench = await QueueBench.start();
    const { functions } = await bench.call<{ functions: Array<{ function_id: string }> }>(
      'engine::functions::list',
    );
    const ids = functions.map((one) => one.function_id);
    expect(ids).toContain('engine::queue::enqueue');
    expect(ids).not.toContain('engine::queue::enqueue_many');
  });
});
