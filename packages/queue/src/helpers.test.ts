import { enqueue, enqueueBatch, jobOf, publish, reportProgress } from 'iii-sdk/queue';
import { expect, it } from 'vitest';
import { Calls, QueueBench } from './test-support.js';

it('the typed functions of iii-sdk/queue do what they say', async () => {
  await using bench = await QueueBench.start();
  const { client } = bench;
  const calls = new Calls<unknown>();
  client.registerFunction('work', async (data, metadata) => {
    const job = jobOf(metadata);
    await reportProgress(client, metadata, { percent: 10, note: 'begun' });
    const message_id = job?.message_id ?? '';
    const { progress } = await bench.call<{ progress: object }>('iii::queue::get', { message_id });
    calls.note([data, job?.queue, job?.attempt, progress, (metadata as { tenant?: number }).tenant]);
  });
  const progress = { percent: 10, note: 'begun' };
  const request = { queue: 'default', function_id: 'work', metadata: { tenant: 7 } };
  const receipt = await enqueue(client, { ...request, payload: 1, priority: 3 });
  expect(receipt).toEqual({ messageReceiptId: expect.any(String) });
  expect(await calls.reach(1)).toEqual([[1, 'default', 1, progress, 7]]);
  const receipts = await enqueueBatch(client, [
    { ...request, payload: 2 },
    { ...request, payload: 3, dedup_key: 'k' },
    { ...request, payload: 4, dedup_key: 'k' },
  ]);
  expect(receipts[2]).toEqual({ ...receipts[1], deduplicated: true });
  const later = (await calls.reach(3)).slice(1);
  expect(later).toContainEqual([2, 'default', 1, progress, 7]);
  expect(later).toContainEqual([3, 'default', 1, progress, 7]);
});

it('a message is published to who subscribes, and a handler that no queue calls has no job', async () => {
  await using bench = await QueueBench.start();
  const calls = new Calls<unknown>();
  bench.client.registerFunction('sub', async (data, metadata) => calls.note([data, jobOf(metadata)?.queue]));
  bench.client.registerTrigger({ type: 'durable:subscriber', function_id: 'sub', config: { topic: 't' } });
  await publish(bench.client, 't', { n: 1 });
  expect(await calls.reach(1)).toEqual([[{ n: 1 }, 't → sub']]);
  await bench.call('sub', 2);
  expect(calls.all[1]).toEqual([2, undefined]);
  await reportProgress(bench.client, undefined, { percent: 1 });
});
