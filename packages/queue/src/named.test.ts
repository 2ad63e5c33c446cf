import { expect, it } from 'vitest';
import { Calls, QueueBench } from './test-support.js';

it('a job reaches its function with its data unchanged, and is gone then', async () => {
  await using bench = await QueueBench.start();
  const calls = new Calls();
  bench.client.registerFunction('email::send', async (data) => calls.note(data));
  const receipt = await bench.enqueue('default', 'email::send', { to: 'a@b.c', deep: [{ n: 1.5 }] });
  expect(receipt).toEqual({ messageReceiptId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(await calls.reach(1)).toEqual([{ to: 'a@b.c', deep: [{ n: 1.5 }] }]);
  await expect.poll(() => bench.stats('default')).toMatchObject({ depth: 0, delivered: 1 });
  expect(await bench.call('iii::queue::get', { message_id: receipt.messageReceiptId })).toBeNull();
});
