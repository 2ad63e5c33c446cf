import { describe, expect, it } from 'vitest';
import { Calls, QueueBench } from './test-support.js';

const JOBS = 10;
const all = Array.from({ length: JOBS }, (_, n) => n);

describe('jobs whose worker goes while they are at work, all at a time', () => {
  it.each([2, JOBS])('run again, each of them, %i at a time', async (concurrency) => {
    await using bench = await QueueBench.start({ queue_configs: { q: { concurrency } } });
    const begun = new Calls<number>();
    const dying = await bench.engine.client('dying');
    dying.registerFunction('work', (n: number) => {
      begun.note(n);
      return new Promise(() => {});
    });
    for (const n of all) await bench.enqueue('q', 'work', n);
    await begun.reach(concurrency);
    const calls = new Calls<number>();
    await dying.shutdown();
    bench.client.registerFunction('work', async (n: number) => calls.note(n));
    expect([...(await calls.reach(JOBS))].sort((a, b) => a - b)).toEqual(all);
    await expect.poll(() => bench.stats('q')).toMatchObject({ depth: 0, delivered: JOBS, dlq_depth: 0 });
  });

  it('run again in their order where they are of one group', async () => {
    const settings = { type: 'fifo', message_group_field: 'g', concurrency: 5 };
    await using bench = await QueueBench.start({ queue_configs: { q: settings } });
    const begun = new Calls<unknown>();
    const dying = await bench.engine.client('dying');
    dying.registerFunction('work', (job: unknown) => {
      begun.note(job);
      return new Promise(() => {});
    });
    for (const n of all) await bench.enqueue('q', 'work', { g: `g${n % 2}`, n });
    await begun.reach(2);
    await dying.shutdown();
    const calls = new Calls<{ g: string; n: number }>();
    bench.client.registerFunction('work', async (job: { g: string; n: number }) => calls.note(job));
    const seen = await calls.reach(JOBS);
    for (const group of ['g0', 'g1']) {
      const numbers = seen.filter(({ g }) => g === group).map(({ n }) => n);
      expect(numbers).toEqual(all.filter((n) => `g${n % 2}` === group));
    }
  });
});
