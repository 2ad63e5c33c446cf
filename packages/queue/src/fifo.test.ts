import { describe, expect, it } from 'vitest';
import { Calls, Gate, QueueBench } from './test-support.js';

const fifo = (settings: object = {}) => ({
  queue_configs: { orders: { type: 'fifo', message_group_field: 'g', ...settings } },
});
interface Item {
  readonly g: string | number;
  readonly n: number;
}

describe('a fifo queue', () => {
  it('keeps the order of each group through failures, with groups in parallel and never more than concurrency', async () => {
    await using bench = await QueueBench.start(fifo({ concurrency: 10, max_retries: 50, backoff_ms: 1 }));
    const done = new Calls<Item>();
    const busy = new Set<string | number>();
    let most = 0;
    let seed = 7;
    const draw = () => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return seed / 2_147_483_648;
    };
    bench.client.registerFunction('work', async (item: Item) => {
      expect(busy.has(item.g)).toBe(false);
      busy.add(item.g);
      most = Math.max(most, busy.size);
      await new Promise((resolve) => setImmediate(resolve));
      busy.delete(item.g);
      if (draw() < 0.2) throw new Error('drawn');
      done.note(item);
    });
    const items: Item[] = [];
    for (let n = 0; n < 15; n++) for (let g = 0; g < 20; g++) items.push({ g: `g${g}`, n });
    await Promise.all(items.map((item) => bench.enqueue('orders', 'work', item)));
    await done.reach(items.length);
    const seen = new Map<string | number, number[]>();
    for (const { g, n } of done.all) seen.set(g, [...(seen.get(g) ?? []), n]);
    for (const order of seen.values()) expect(order).toEqual(Array.from({ length: 15 }, (_, n) => n));
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(10);
  });

  it('a group that waits to be tried again takes no place from the others', async () => {
    await using bench = await QueueBench.start(fifo({ concurrency: 1, backoff_ms: 1_000_000 }));
    const calls = new Calls<Item>();
    bench.client.registerFunction('work', async (item: Item) => {
      calls.note(item);
      if (item.g === 'bad') throw new Error('no');
    });
    await bench.enqueue('orders', 'work', { g: 'bad', n: 1 });
    await bench.enqueue('orders', 'work', { g: 'bad', n: 2 });
    await bench.enqueue('orders', 'work', { g: 'good', n: 1 });
    await calls.reach(2);
    await expect.poll(() => bench.stats('orders')).toMatchObject({ depth: 2, in_flight: 0, delivered: 1 });
    expect(calls.all).toEqual([
      { g: 'bad', n: 1 },
      { g: 'good', n: 1 },
    ]);
  });

  it('goes on with the next job of the group when one is dead', async () => {
    await using bench = await QueueBench.start(fifo({ max_retries: 2, backoff_ms: 1 }));
    const calls = new Calls<number>();
    bench.client.registerFunction('work', async ({ n }: Item) => {
      calls.note(n);
      if (n === 1) throw new Error('never');
    });
    await bench.enqueue('orders', 'work', { g: 'a', n: 1 });
    await bench.enqueue('orders', 'work', { g: 'a', n: 2 });
    expect(await calls.reach(4)).toEqual([1, 1, 1, 2]);
    expect(await bench.dead('orders')).toMatchObject([{ payload: { n: 1 }, retries: 3 }]);
  });

  it('takes 42 and "42" for one group', async () => {
    await using bench = await QueueBench.start(fifo());
    const gate = new Gate();
    const calls = new Calls<number>();
    bench.client.registerFunction('work', async ({ n }: Item) => {
      calls.note(n);
      await gate.passed();
    });
    await bench.enqueue('orders', 'work', { g: 42, n: 1 });
    await bench.enqueue('orders', 'work', { g: '42', n: 2 });
    await bench.enqueue('orders', 'work', { g: 'other', n: 3 });
    expect(await calls.reach(2)).toEqual([1, 3]);
    gate.open();
    expect(await calls.reach(3)).toEqual([1, 3, 2]);
  });

  it.each([
    ['without the field', { n: 1 }, /"g" is not found/],
    ['with null', { g: null }, /"g" is null/],
    ['with an empty text', { g: '' }, /"g" is ""/],
    ['with a boolean', { g: true }, /"g" is true/],
    ['with an object', { g: {} }, /"g" is \{\}/],
    ['that is a list', [1], /"g" is not found/],
  ])('refuses data %s', async (_, data, message) => {
    await using bench = await QueueBench.start(fifo());
    await expect(bench.enqueue('orders', 'work', data)).rejects.toMatchObject({
      code: 'enqueue_error',
      message: expect.stringMatching(message),
    });
  });

  it('takes the group of the options instead', async () => {
    await using bench = await QueueBench.start(fifo());
    const calls = new Calls();
    bench.client.registerFunction('work', async (data) => calls.note(data));
    await bench.enqueue('orders', 'work', { n: 1 }, { group: 'tenant-7' });
    expect(await calls.reach(1)).toEqual([{ n: 1 }]);
  });

  it('waits for a missing function without letting others of the group pass', async () => {
    await using bench = await QueueBench.start(fifo());
    const calls = new Calls<string>();
    bench.client.registerFunction('there', async () => calls.note('there'));
    await bench.enqueue('orders', 'absent', { g: 'a' });
    await bench.enqueue('orders', 'there', { g: 'a' });
    await expect
      .poll(() => bench.call('iii::queue::list', { queue: 'orders', state: 'held' }))
      .toHaveLength(1);
    expect(calls.all).toEqual([]);
    bench.client.registerFunction('absent', async () => calls.note('absent'));
    expect(await calls.reach(2)).toEqual(['absent', 'there']);
  });
});
