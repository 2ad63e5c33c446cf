import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { gate, QUEUE_STORES, QueueClient, Seen } from './queue-client.js';

for (const [store, config] of Object.entries(QUEUE_STORES)) {
  await onBothDrivers(
    `spec/worker-queue.md §15.2: named queues in ${store}, with the official client,`,
    (bench, check) => {
      const connect = () => new QueueClient(bench.official('app'));

      check(`Q-01 a nested payload arrives once, deep-equal (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 3, backoff_ms: 100, poll_interval_ms: 50 });
        const seen = new Seen<unknown>();
        await app.offer('q01', seen.note);
        const payload = { n: 1.5, list: [1, [2, { three: 3 }]], a: { b: { c: { d: null } } } };
        const receipt = await app.enqueue(queue, 'q01', payload);
        expect(receipt).toEqual({ messageReceiptId: expect.stringMatching(/^[0-9a-f]{8}-.{4}-4/) });
        expect(await seen.reach(1)).toEqual([payload]);
        await app.drained(queue);
        expect(seen.all).toHaveLength(1);
      });

      check(
        `Q-02 three retries are four calls, each pause at least twice the one before (${store})`,
        async () => {
          const app = connect();
          const queue = await app.define({
            concurrency: 1,
            max_retries: 3,
            backoff_ms: 50,
            poll_interval_ms: 25,
          });
          const at = new Seen<number>();
          await app.offer('q02', () => {
            at.note(performance.now());
            throw new Error('always');
          });
          await app.enqueue(queue, 'q02', {});
          await app.dies(queue);
          expect(at.all).toHaveLength(4);
          const gaps = at.all.slice(1).map((time, index) => time - (at.all[index] ?? 0));
          // Lower bounds only: a machine that is busy is late, and never early.
          for (const [index, least] of [50, 100, 200].entries())
            expect(gaps[index]).toBeGreaterThanOrEqual(least - 2);
        },
      );

      check(`Q-03 one retry is two calls, and a dead letter that says why (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ max_retries: 1, backoff_ms: 10 });
        await app.offer('q03', () => {
          throw new Error('never works');
        });
        const { messageReceiptId } = await app.enqueue(queue, 'q03', { order: 7 });
        const [letter] = await app.dies(queue);
        expect(letter).toMatchObject({ id: messageReceiptId, payload: { order: 7 }, retries: 2 });
        expect(letter?.error).toMatch(/^invocation_failed: .*never works/);
        expect(letter?.failed_at).toBeGreaterThan(1_600_000_000);
        expect(letter?.failed_at).toBeLessThan(10_000_000_000);
        expect(letter?.size_bytes).toBeGreaterThan(0);
      });

      check(`Q-04 no retry is one call (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ max_retries: 0, backoff_ms: 10 });
        const seen = new Seen<unknown>();
        await app.offer('q04', (data) => {
          seen.note(data);
          throw new Error('no');
        });
        await app.enqueue(queue, 'q04', {});
        await app.dies(queue);
        // It is kept among the dead and nowhere else: nothing is left that could be tried again.
        await app.drained(queue);
        expect(seen.all).toHaveLength(1);
      });

      check(`Q-05 two retries are three calls and no more (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ max_retries: 2, backoff_ms: 30 });
        const seen = new Seen<unknown>();
        await app.offer('q05', (data) => {
          seen.note(data);
          throw new Error('no');
        });
        expect(await app.dead(queue)).toEqual([]);
        await app.enqueue(queue, 'q05', {});
        await app.dies(queue);
        // It is kept among the dead and nowhere else: nothing is left that could be tried again.
        await app.drained(queue);
        expect(seen.all).toHaveLength(3);
      });

      check(`Q-06 a job that crashes its handler holds up nobody (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 1, max_retries: 1, backoff_ms: 20 });
        const good = new Seen<unknown>();
        await app.offer('q06', (data: { panic?: boolean }) => {
          if (data.panic) throw new Error('panic');
          good.note(data);
        });
        await app.enqueue(queue, 'q06', { panic: true });
        await app.enqueue(queue, 'q06', { n: 1 });
        expect(await good.reach(1)).toEqual([{ n: 1 }]);
        await app.dies(queue);
      });

      check(`Q-07 an unknown queue is refused (${store})`, async () => {
        await expect(connect().enqueue('no-such-queue', 'f', {})).rejects.toMatchObject({
          code: 'enqueue_error',
          message: expect.stringMatching(/not found.*not defined/s),
        });
      });

      check(`Q-08 a fifo queue refuses a job without group, and says which field (${store})`, async () => {
        const app = connect();
        const seen = new Seen<unknown>();
        await app.offer('q08', seen.note);
        await expect(app.enqueue('orders', 'f', { n: 1 })).rejects.toThrow(/"g" is not found/);
        await expect(app.enqueue('orders', 'f', { g: null })).rejects.toThrow(/null/);
        expect(await app.enqueue('orders', 'q08', { g: 'x' })).toHaveProperty('messageReceiptId');
        expect(await seen.reach(1)).toEqual([{ g: 'x' }]);
        await app.drained('orders');
      });

      check(`Q-09 there is always a queue called default (${store})`, async () => {
        const app = connect();
        const seen = new Seen<unknown>();
        await app.offer('q09', seen.note);
        await app.enqueue('default', 'q09', { hello: 1 });
        expect(await seen.reach(1)).toEqual([{ hello: 1 }]);
        await app.drained('default');
      });

      check(`Q-10 five jobs of one group come in order (${store})`, async () => {
        const app = connect();
        const seen = new Seen<number>();
        await app.offer('q10', ({ n }: { n: number }) => seen.note(n));
        for (let n = 0; n < 5; n++) await app.enqueue('orders', 'q10', { g: 'one', n });
        expect(await seen.reach(5)).toEqual([0, 1, 2, 3, 4]);
        await app.drained('orders');
      });

      check(`Q-11 three jobs run at a time (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 3 });
        const started = new Seen<number>();
        const end = gate();
        await app.offer('q11', async (n: number) => {
          started.note(n);
          await end.passed;
        });
        for (let n = 0; n < 4; n++) await app.enqueue(queue, 'q11', n);
        await started.reach(3);
        expect(await app.stats(queue)).toMatchObject({ in_flight: 3, waiting: 1, depth: 4 });
        end.open();
        await app.drained(queue);
        expect(started.all).toEqual([0, 1, 2, 3]);
      });

      check(
        `Q-12 a missing function blocks nobody, and its job runs when it appears (${store})`,
        async () => {
          const app = connect();
          const queue = await app.define({ concurrency: 1, max_retries: 0 });
          const seen = new Seen<string>();
          await app.offer('q12::there', () => seen.note('there'));
          await app.enqueue(queue, 'q12::later', {});
          await app.enqueue(queue, 'q12::there', {});
          expect(await seen.reach(1)).toEqual(['there']);
          await app.offer('q12::later', () => seen.note('later'));
          expect(await seen.reach(2)).toEqual(['there', 'later']);
          await app.drained(queue);
          expect(await app.dead(queue)).toEqual([]);
        },
      );

      check(`Q-13 two queues keep apart (${store})`, async () => {
        const app = connect();
        const queues = [await app.define({}), await app.define({})];
        const seen = [new Seen<number>(), new Seen<number>()];
        await app.offer('q13::0', (n: number) => seen[0]?.note(n));
        await app.offer('q13::1', (n: number) => seen[1]?.note(n));
        for (let n = 0; n < 3; n++) {
          for (const at of [0, 1]) await app.enqueue(queues[at] ?? '', `q13::${at}`, n + at * 10);
        }
        expect((await seen[0]?.reach(3))?.toSorted()).toEqual([0, 1, 2]);
        expect((await seen[1]?.reach(3))?.toSorted()).toEqual([10, 11, 12]);
        for (const queue of queues) await app.drained(queue);
      });

      check(`Q-14 a job goes to the namespace it was queued for (${store})`, async () => {
        const app = connect();
        const wrong = new Seen<unknown>();
        await app.offer('q14', wrong.note);
        const orders = await bench.worker('q14-orders', { namespace: 'orders' });
        orders.offer('q14');
        const caller = await bench.worker('q14-caller');
        const more = { action: { type: 'enqueue', queue: 'default' }, namespace: 'orders' };
        const answer = await caller.call('q14', { n: 1 }, more);
        expect(answer.result).toHaveProperty('messageReceiptId');
        const invocation = await orders.invocation();
        expect(invocation).toMatchObject({ function_id: 'q14', data: { n: 1 } });
        orders.respond(invocation, { result: null });
        await app.drained('default');
        expect(wrong.all).toEqual([]);
      });

      check(`Q-15, Q-16 groups run in parallel, and each in order (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ type: 'fifo', message_group_field: 'g', concurrency: 3 });
        const ended = new Seen<string>();
        const slow = gate();
        await app.offer('q16', async ({ g, n }: { g: string; n: number }) => {
          if (g === 's1' && n === 1) await slow.passed;
          ended.note(`${g}:${n}`);
        });
        for (const [g, n] of [
          ['s1', 1],
          ['s1', 2],
          ['s2', 1],
          ['s2', 2],
          ['s3', 1],
        ] as const) {
          await app.enqueue(queue, 'q16', { g, n });
        }
        expect((await ended.reach(3)).toSorted()).toEqual(['s2:1', 's2:2', 's3:1']);
        slow.open();
        expect((await ended.reach(5)).slice(3)).toEqual(['s1:1', 's1:2']);
        await app.drained(queue);
      });

      check(`Q-17 a group waits for a job that fails twice and then works (${store})`, async () => {
        const app = connect();
        const seen = new Seen<number>();
        await app.offer('q17', ({ n }: { n: number }) => {
          seen.note(n);
          if (n === 1 && seen.all.length < 3) throw new Error('not yet');
        });
        await app.enqueue('orders', 'q17', { g: 'q17', n: 1 });
        await app.enqueue('orders', 'q17', { g: 'q17', n: 2 });
        expect(await seen.reach(4)).toEqual([1, 1, 1, 2]);
        await app.drained('orders');
        expect(await app.dead('orders')).toEqual([]);
      });

      check(`Q-18 a group goes on behind a dead letter (${store})`, async () => {
        const app = connect();
        const queue = await app.define({
          type: 'fifo',
          message_group_field: 'g',
          max_retries: 2,
          backoff_ms: 5,
        });
        const seen = new Seen<number>();
        await app.offer('q18', ({ n }: { n: number }) => {
          seen.note(n);
          if (n === 1) throw new Error('never');
        });
        await app.enqueue(queue, 'q18', { g: 'x', n: 1 });
        await app.enqueue(queue, 'q18', { g: 'x', n: 2 });
        expect(await seen.reach(4)).toEqual([1, 1, 1, 2]);
        await app.dies(queue);
      });

      check(`Q-19 an attempt may take no longer than timeout_ms (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ timeout_ms: 100, max_retries: 0 });
        const end = gate();
        await app.offer('q19', () => end.passed);
        await app.enqueue(queue, 'q19', {});
        const [letter] = await app.dies(queue);
        expect(letter?.error).toMatch(/^TIMEOUT: /);
        end.open();
      });

      check(`Q-23 higher priorities go first (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 1, max_priority: 10, priority_field: 'p' });
        const seen = new Seen<number>();
        const primed = gate();
        await app.offer('q23', async ({ p }: { p: number }) => {
          seen.note(p);
          if (p === 0) await primed.passed;
        });
        await app.enqueue(queue, 'q23', { p: 0 });
        await seen.reach(1);
        for (const p of [3, 1, 5, 2, 4]) await app.enqueue(queue, 'q23', { p });
        primed.open();
        expect(await seen.reach(6)).toEqual([0, 5, 4, 3, 2, 1]);
        await app.drained(queue);
      });

      check(`a handler that loses its connection is not charged for it (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ max_retries: 0 });
        const first = await bench.worker('lost');
        first.offer('lost::work');
        await first.settled();
        await app.enqueue(queue, 'lost::work', { n: 1 });
        await first.invocation();
        first.socket.terminate();
        const second = await bench.worker('found');
        second.offer('lost::work');
        const again = await second.invocation();
        expect(again).toMatchObject({ data: { n: 1 }, metadata: { 'iii.queue': { attempt: 1 } } });
        second.respond(again, { result: null });
        await app.drained(queue);
        expect(await app.dead(queue)).toEqual([]);
      });
    },
    { config },
  );
}
