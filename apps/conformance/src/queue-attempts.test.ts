import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { gate, QUEUE_STORES, QueueClient, Seen } from './queue-client.js';

interface JobView {
  readonly state: string;
  readonly run_at_ms: number | null;
  readonly errors: ReadonlyArray<{ readonly at_ms: number }>;
}

const numberOf = (metadata: unknown) =>
  (metadata as { 'iii.queue': { attempt: number; message_id: string } })['iii.queue'];

for (const [store, config] of Object.entries(QUEUE_STORES)) {
  await onBothDrivers(
    `spec/worker-queue.md §15.2: attempts of jobs in ${store}, with the official client,`,
    (bench, check) => {
      const connect = () => new QueueClient(bench.official('app'));

      check(`Q-20 jobs that fall due while others wake them are each started once (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 10 });
        const seen = new Seen<number>();
        await app.offer('q20', seen.note);
        const soon = Date.now() + 100;
        const receipts = await Promise.all(
          Array.from({ length: 10 }, (_, n) => app.enqueue(queue, 'q20', n, { run_at: soon })),
        );
        const wake = ({ messageReceiptId: message_id }: { messageReceiptId: string }) =>
          app.call('iii::queue::retry_now', { message_id });
        // Sweeps without a pause, until time itself has woken the last.
        while (seen.all.length < 10) await Promise.all([...receipts, ...receipts].map(wake));
        await app.drained(queue);
        expect(seen.all.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        expect(await app.stats(queue)).toMatchObject({ delivered: 10, failed: 0 });
      });

      check(
        `Q-21 what a consumer had and had not begun goes to the next, the oldest first (${store})`,
        async () => {
          const app = connect();
          const queue = await app.define({ concurrency: 3, max_retries: 0 });
          const first = await bench.worker('q21-first');
          first.offer('q21');
          await first.settled();
          const receipts: string[] = [];
          for (let n = 0; n < 8; n++)
            receipts.push((await app.enqueue(queue, 'q21', { n })).messageReceiptId);
          for (let begun = 0; begun < 3; begun++) await first.invocation();
          first.socket.terminate();
          // Nobody offers the function any more: the oldest is held, and the others wait behind it.
          await app.eventually(
            () => app.call<Array<{ id: string }>>('iii::queue::list', { queue, state: 'held' }),
            (held) => held.some(({ id }) => id === receipts[0]),
          );
          const seen = new Seen<unknown>();
          const end = gate();
          await app.offer('q21', async ({ n }: { n: number }, metadata) => {
            const { attempt, message_id } = numberOf(metadata);
            seen.note([n, attempt, message_id]);
            await end.passed;
          });
          const all = receipts.map((id, n) => [n, 1, id]);
          expect(await seen.reach(3)).toEqual(all.slice(0, 3));
          end.open();
          expect(await seen.reach(8)).toEqual(all);
          await app.drained(queue);
          expect(await app.dead(queue)).toEqual([]);
        },
      );

      check(`Q-21 a queue whose settings change keeps what it had not begun (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 1 });
        const seen = new Seen<number>();
        const end = gate();
        await app.offer('q21::kept', async (n: number) => {
          seen.note(n);
          await end.passed;
        });
        for (let n = 0; n < 5; n++) await app.enqueue(queue, 'q21::kept', n);
        await seen.reach(1);
        await app.call('iii::queue::pause', { queue });
        await app.call('queue::define', { queue, config: { concurrency: 2 } });
        await app.call('iii::queue::resume', { queue });
        expect(await seen.reach(2)).toEqual([0, 1]);
        end.open();
        expect(await seen.reach(5)).toEqual([0, 1, 2, 3, 4]);
        await app.drained(queue);
        expect(await app.stats(queue)).toMatchObject({ delivered: 5, failed: 0 });
      });

      /** Fails a job, and tells after each failure how long it is to wait; nobody waits that long. */
      async function pauses(app: QueueClient, settings: object, failures: number): Promise<number[]> {
        const queue = await app.define({ max_retries: failures, ...settings });
        await app.offer('q22', () => {
          throw new Error('always');
        });
        const { messageReceiptId: message_id } = await app.enqueue(queue, 'q22', {});
        const found: number[] = [];
        for (let attempt = 1; attempt <= failures; attempt++) {
          const job = await app.eventually(
            () => app.call<JobView>('iii::queue::get', { message_id }),
            ({ state, errors }) =>
              state === 'delayed' && errors.at(-1) !== undefined && isOf(attempt, errors),
          );
          found.push((job.run_at_ms ?? 0) - (job.errors.at(-1)?.at_ms ?? 0));
          expect(await app.call('iii::queue::retry_now', { message_id })).toEqual({ ready: true });
        }
        await app.dies(queue);
        return found;
      }
      const isOf = (attempt: number, errors: readonly object[]) =>
        (errors.at(-1) as { attempt: number }).attempt === attempt;

      check(`Q-22 pauses double from failure to failure (${store})`, async () => {
        expect(await pauses(connect(), { backoff_ms: 1_000 }, 3)).toEqual([1_000, 2_000, 4_000]);
      });

      check(`Q-22 pauses end at their limit, however many failures there were (${store})`, async () => {
        const found = await pauses(connect(), { backoff_ms: 900_000 }, 12);
        expect(found.slice(0, 3)).toEqual([900_000, 1_800_000, 3_600_000]);
        expect(new Set(found.slice(3))).toEqual(new Set([3_600_000]));
        const huge = { backoff_ms: Number.MAX_SAFE_INTEGER, max_backoff_ms: 86_400_000 };
        expect(await pauses(connect(), huge, 2)).toEqual([86_400_000, 86_400_000]);
      });

      check(
        `§15.7 a thousand jobs wait for a worker that is away, and none dies of it (${store})`,
        async () => {
          const app = connect();
          const queue = await app.define({ max_retries: 0, concurrency: 50 });
          const first = await bench.worker('outage');
          first.offer('outage');
          await first.settled();
          first.socket.terminate();
          await Promise.all(Array.from({ length: 1_000 }, (_, n) => app.enqueue(queue, 'outage', n)));
          await app.eventually(
            () => app.stats(queue),
            ({ waiting, in_flight }) => waiting === 1_000 && in_flight === 0,
          );
          const seen = new Seen<number>();
          await app.offer('outage', seen.note);
          await seen.reach(1_000);
          await app.drained(queue);
          expect(new Set(seen.all).size).toBe(1_000);
          expect(await app.stats(queue)).toMatchObject({ delivered: 1_000, dlq_depth: 0 });
        },
      );
    },
    { config },
  );
}
