import { describe, expect, it } from 'vitest';
import { backoffAfter } from './dispatch/backoff.js';
import { Calls, Gate, QueueBench } from './test-support.js';

const q = (settings: object) => ({ queue_configs: { q: settings } });

describe('retries', () => {
  it('N retries are N + 1 attempts, each after twice the pause, and then a dead letter', async () => {
    await using bench = await QueueBench.start(q({ max_retries: 3, backoff_ms: 1_000 }), { clock: 'manual' });
    const { clock } = bench.engine;
    const calls = new Calls<number>();
    bench.client.registerFunction('fails', async () => {
      calls.note(clock.now());
      throw new Error('no luck');
    });
    const { messageReceiptId } = await bench.enqueue('q', 'fails', { n: 1 });
    const start = (await calls.reach(1))[0] ?? 0;
    for (const [count, pause] of [
      [2, 1_000],
      [3, 2_000],
      [4, 4_000],
    ] as const) {
      await expect.poll(() => bench.stats('q')).toMatchObject({ delayed: 1, in_flight: 0 });
      await clock.advanceAsync(pause - 1);
      expect(calls.all).toHaveLength(count - 1);
      await clock.advanceAsync(1);
      await calls.reach(count);
    }
    expect(calls.all.map((at) => at - start)).toEqual([0, 1_000, 3_000, 7_000]);
    await expect.poll(() => bench.dead('q')).toHaveLength(1);
    const [letter] = await bench.dead('q');
    expect(letter).toMatchObject({
      id: messageReceiptId,
      payload: { n: 1 },
      error: 'invocation_failed: no luck',
      retries: 4,
      failed_at: Math.floor(clock.now() / 1_000),
      function_id: 'fails',
    });
    expect(letter?.errors).toHaveLength(4);
    expect(clock.pending).toBeGreaterThanOrEqual(0);
  });

  it('max_retries 0 is one attempt', async () => {
    await using bench = await QueueBench.start(q({ max_retries: 0 }));
    const calls = new Calls();
    bench.client.registerFunction('fails', async () => {
      calls.note(1);
      throw new Error('no');
    });
    await bench.enqueue('q', 'fails', {});
    await expect.poll(() => bench.dead('q')).toHaveLength(1);
    expect(calls.all).toHaveLength(1);
  });

  it('a job goes before its queue: its own retries and backoff count', async () => {
    await using bench = await QueueBench.start(q({ max_retries: 9 }), { clock: 'manual' });
    const calls = new Calls();
    bench.client.registerFunction('fails', async () => {
      calls.note(1);
      throw new Error('no');
    });
    await bench.enqueue('q', 'fails', {}, { max_retries: 1, backoff_ms: 10 });
    await expect.poll(() => bench.stats('q')).toMatchObject({ delayed: 1 });
    await bench.engine.clock.advanceAsync(10);
    await expect.poll(() => bench.dead('q')).toHaveLength(1);
    expect(calls.all).toHaveLength(2);
  });

  it('an attempt that takes longer than timeout_ms has failed', async () => {
    await using bench = await QueueBench.start(q({ max_retries: 0, timeout_ms: 500 }), { clock: 'manual' });
    const gate = new Gate();
    const calls = new Calls();
    bench.client.registerFunction('slow', () => {
      calls.note(1);
      return gate.passed();
    });
    await bench.enqueue('q', 'slow', {});
    await calls.reach(1);
    await bench.engine.clock.advanceAsync(1_000);
    await expect.poll(async () => (await bench.dead('q'))[0]?.error).toMatch(/^TIMEOUT: /);
    gate.open();
  });

  it('a job whose handler crashes holds up nobody', async () => {
    await using bench = await QueueBench.start(q({ concurrency: 1, max_retries: 1, backoff_ms: 60_000 }));
    const calls = new Calls();
    bench.client.registerFunction('work', async (data: { panic?: boolean }) => {
      if (data.panic) throw new Error('panic');
      calls.note(data);
    });
    await bench.enqueue('q', 'work', { panic: true });
    await bench.enqueue('q', 'work', { n: 2 });
    expect(await calls.reach(1)).toEqual([{ n: 2 }]);
  });

  it('retry_now does not wait for the pause to end', async () => {
    await using bench = await QueueBench.start(q({ backoff_ms: 3_000_000 }));
    const calls = new Calls();
    bench.client.registerFunction('once', async () => {
      calls.note(1);
      if (calls.all.length === 1) throw new Error('no');
    });
    const { messageReceiptId: message_id } = await bench.enqueue('q', 'once', {});
    await expect.poll(() => bench.stats('q')).toMatchObject({ delayed: 1 });
    expect(await bench.call('iii::queue::retry_now', { message_id })).toEqual({ ready: true });
    await calls.reach(2);
    await expect.poll(() => bench.stats('q')).toMatchObject({ depth: 0, delivered: 1 });
  });
});

describe('the pause after failed attempts', () => {
  const settings = { backoffMs: 1_000, maxBackoffMs: 3_600_000, jitter: 0 };

  it('doubles up to its limit, and never is no number', () => {
    const pauses = [1, 2, 3, 12, 13, 100_000].map((failures) => backoffAfter(failures, settings, 0.5));
    expect(pauses).toEqual([1_000, 2_000, 4_000, 2_048_000, 3_600_000, 3_600_000]);
    expect(backoffAfter(5_000, { ...settings, backoffMs: 0 }, 0)).toBe(0);
  });

  it('is shorter by its jitter', () => {
    expect(backoffAfter(2, { ...settings, jitter: 0.5 }, 0.5)).toBe(1_500);
  });
});
