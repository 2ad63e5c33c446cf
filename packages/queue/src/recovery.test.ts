import { cp, mkdtemp, rename, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { dataStores } from 'iii-worker';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Calls, Gate, QueueBench } from './test-support.js';

describe('what outlives the worker', () => {
  let directory: string;
  const start = (config: object = {}) =>
    QueueBench.start(config, {
      storage: (owner) => dataStores({ directory, owner, warn: () => {} }),
    });

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'iii-queue-'));
  });

  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('jobs that wait, are delayed or dead, in their order', async () => {
    const config = { queue_configs: { q: { max_retries: 0, concurrency: 1 } } };
    let dead: string;
    {
      await using bench = await start(config);
      bench.client.registerFunction('fails', async () => {
        throw new Error('no');
      });
      dead = (await bench.enqueue('q', 'fails', { dead: true })).messageReceiptId;
      await expect.poll(() => bench.dead('q'), { timeout: 15_000 }).toHaveLength(1);
      for (let n = 0; n < 10; n++) await bench.enqueue('q', 'work', n);
      await bench.enqueue('q', 'work', 'later', { delay_ms: 3_600_000 });
    }
    await using bench = await start(config);
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async (n) => calls.note(n));
    expect(await calls.reach(10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await expect
      .poll(() => bench.stats('q'), { timeout: 15_000 })
      .toMatchObject({ delayed: 1, depth: 1, dlq_depth: 1 });
    expect(await bench.dead('q')).toMatchObject([{ id: dead, payload: { dead: true } }]);
  });

  it('a job at work when it stops is released after the grace, uncharged, and goes first', async () => {
    const config = { shutdown_grace_ms: 20, queue_configs: { q: { max_retries: 0, concurrency: 1 } } };
    const gate = new Gate();
    {
      await using bench = await start(config);
      const begun = new Calls<unknown>();
      bench.client.registerFunction('work', (n) => {
        begun.note(n);
        return gate.passed();
      });
      await bench.enqueue('q', 'work', 1);
      await bench.enqueue('q', 'work', 2);
      await begun.reach(1);
      await bench.worker.stop();
    }
    gate.open();
    await using bench = await start(config);
    const calls = new Calls<unknown>();
    bench.client.registerFunction('work', async (n, metadata) => {
      calls.note([n, (metadata as { 'iii.queue': { attempt: number } })['iii.queue'].attempt]);
    });
    expect(await calls.reach(2)).toEqual([
      [1, 1],
      [2, 1],
    ]);
    expect(await bench.dead('q')).toEqual([]);
  });

  it('a job that is done within the grace is done', async () => {
    const gate = new Gate();
    {
      await using bench = await start();
      const begun = new Calls<unknown>();
      bench.client.registerFunction('work', (n) => {
        begun.note(n);
        return gate.passed();
      });
      await bench.enqueue('default', 'work', 1);
      await begun.reach(1);
      const stopped = bench.worker.stop();
      gate.open();
      await stopped;
    }
    await using bench = await start();
    expect(await bench.stats('default')).toMatchObject({ depth: 0, delivered: 1 });
  });

  it.each([3, 230])(
    'attempts that had begun when it was killed count, and no others, %i at work',
    async (concurrency) => {
      const WAITING = 2;
      const queue = { concurrency, max_retries: 1, max_disconnect_redeliveries: 0 };
      const config = { shutdown_grace_ms: 20, queue_configs: { q: queue } };
      const killed = `${directory}-killed`;
      {
        await using bench = await start(config);
        const begun = new Calls<unknown>();
        bench.client.registerFunction('work', (n) => {
          begun.note(n);
          return new Promise(() => {});
        });
        const all = Array.from({ length: concurrency + WAITING }, (_, n) => n);
        await Promise.all(all.map((n) => bench.enqueue('q', 'work', n)));
        await begun.reach(concurrency);
        // Written behind the starts of attempts, so that those are on the disk too.
        await bench.enqueue('default', 'nobody', 'last');
        // What a process that is killed leaves.
        await cp(directory, killed, { recursive: true });
        await bench.worker.stop();
      }
      await rm(directory, { recursive: true });
      await rename(killed, directory);
      await using bench = await start(config);
      const calls = new Calls<number>();
      bench.client.registerFunction('work', async (_, metadata) => {
        calls.note((metadata as { 'iii.queue': { attempt: number } })['iii.queue'].attempt);
      });
      const attempts = await calls.reach(concurrency + WAITING);
      expect(attempts).toEqual(attempts.map((_, at) => (at < concurrency ? 2 : 1)));
      await expect
        .poll(() => bench.stats('q'), { timeout: 15_000 })
        .toMatchObject({ depth: 0, dlq_depth: 0 });
    },
  );

  it('no job runs twice, however many are accepted with one write', async () => {
    await using bench = await start({ queue_configs: { q: { concurrency: 3 } } });
    const calls = new Calls<number>();
    bench.client.registerFunction('work', async (n: number) => {
      calls.note(n);
      await new Promise((resolve) => setImmediate(resolve));
    });
    const all = Array.from({ length: 300 }, (_, n) => n);
    await Promise.all(all.map((n) => bench.enqueue('q', 'work', n, { priority: n % 3 })));
    await expect
      .poll(() => bench.stats('q'), { timeout: 15_000 })
      .toMatchObject({ depth: 0, delivered: 300 });
    expect(calls.all.toSorted((a, b) => a - b)).toEqual(all);
  });

  it('subscribers that are away, pauses, and queues defined at runtime', async () => {
    {
      await using bench = await start();
      bench.client.registerFunction('sub', async () => {});
      bench.client.registerTrigger({
        type: 'durable:subscriber',
        function_id: 'sub',
        config: { topic: 't' },
      });
      await expect.poll(() => bench.stats('t'), { timeout: 15_000 }).toMatchObject({ consumer_count: 1 });
      await bench.call('queue::define', { queue: 'made', config: { concurrency: 3 } });
      await bench.call('iii::queue::pause', { queue: 'made' });
    }
    await using bench = await start();
    await bench.call('iii::durable::publish', { topic: 't', data: 'while away' });
    expect(await bench.stats('t')).toMatchObject({ depth: 1, consumer_count: 0 });
    await bench.enqueue('made', 'sub', 'paused');
    expect(await bench.stats('made')).toMatchObject({ depth: 1, consumer_count: 3, in_flight: 0 });
    const calls = new Calls<unknown>();
    bench.client.registerFunction('sub', async (data) => calls.note(data));
    bench.client.registerTrigger({ type: 'durable:subscriber', function_id: 'sub', config: { topic: 't' } });
    expect(await calls.reach(1)).toEqual(['while away']);
    expect(await bench.call('iii::queue::resume', { queue: 'made' })).toEqual({ paused: false });
    expect(await calls.reach(2)).toEqual(['while away', 'paused']);
  });
});
