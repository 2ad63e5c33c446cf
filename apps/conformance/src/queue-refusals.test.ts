import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { gate, QUEUE_STORES, QueueClient, Seen } from './queue-client.js';

interface Stored {
  readonly queues: ReadonlyArray<{ readonly name: string; readonly enqueued: number }>;
}

for (const [store, config] of Object.entries(QUEUE_STORES)) {
  await onBothDrivers(
    `spec/worker-queue.md §2.5, §17.3: what queues in ${store} refuse, with the official client,`,
    (bench, check) => {
      const connect = (name = 'app') => new QueueClient(bench.official(name));

      /** Every queue there is, and how many jobs it ever took. */
      async function stored(app: QueueClient) {
        const { queues } = await app.call<Stored>('iii::queue::stats');
        return queues.map(({ name, enqueued }) => [name, enqueued]);
      }

      /** What is refused with an error of `code`, and leaves nothing behind. */
      async function refused(call: (app: QueueClient) => Promise<unknown>, code: string, text: RegExp) {
        const app = connect();
        const before = await stored(app);
        await expect(call(app)).rejects.toMatchObject({ code, message: expect.stringMatching(text) });
        expect(await stored(app)).toEqual(before);
      }

      for (const [what, queue, data, text] of [
        ['an unknown queue', 'no-such-queue', {}, /not found.*not defined.*queue::define/s],
        ['a blank queue', ' ', {}, /queue is blank/],
        ['a fifo job without its group', 'orders', { n: 1 }, /orders.*"g" is not found/],
        ['a fifo job whose group is null', 'orders', { g: null }, /"g" is null/],
        ['a fifo job whose group is empty', 'orders', { g: '' }, /"g" is ""/],
        ['a fifo job whose group is a boolean', 'orders', { g: true }, /"g" is true/],
        ['a fifo job whose group is a list', 'orders', { g: [] }, /"g" is \[\]/],
        ['a fifo job that is a list', 'orders', [1], /"g" is not found/],
        ['more bytes than a job may have', 'default', 'x'.repeat(8 * 1024 * 1024), /max_payload_bytes/],
      ] as const) {
        check(`§2.5 ${what} is refused, and nothing stored (${store})`, () =>
          refused((app) => app.enqueue(queue, 'f', data), 'enqueue_error', text),
        );
      }

      for (const [options, text, code = 'deserialization_error'] of [
        [{ delay_ms: 1, run_at: 5 }, /delay_ms and run_at/, 'invalid_job'],
        [{ delay_ms: -1 }, /delay_ms/],
        [{ run_at: 'tomorrow' }, /run_at "tomorrow"/, 'invalid_job'],
        [{ priority: 256 }, /priority/],
        [{ dedup_key: '' }, /dedup_key/],
        [{ on_duplicate: 'ignore' }, /on_duplicate/],
        [{ max_retries: -1 }, /max_retries/],
        [{ ttl_ms: 0 }, /ttl_ms/],
        [{ dealy_ms: 5 }, /dealy_ms/],
      ] as const) {
        check(
          `§17.3 the options ${JSON.stringify(options)} are refused wherever they stand (${store})`,
          async () => {
            await refused((app) => app.enqueue('default', 'f', {}, options), 'enqueue_error', text);
            const metadata = { 'iii.queue': options };
            const action = { type: 'enqueue', queue: 'default' } as const;
            const call = { function_id: 'f', payload: {}, action, metadata };
            await refused((app) => app.client.trigger(call), 'enqueue_error', text);
            const job = { queue: 'default', function_id: 'f', options };
            await refused((app) => app.call('iii::queue::enqueue', job), code, text);
          },
        );
      }

      for (const [id, payload, code, text] of [
        ['queue::define', { queue: ' ', config: {} }, 'invalid_queue_config', /blank/],
        [
          'queue::define',
          { queue: 'new', config: { type: 'fifo' } },
          'invalid_queue_config',
          /new.*message_group_field/,
        ],
        [
          'queue::define',
          { queue: 'new', config: { concurrency: 0 } },
          'deserialization_error',
          /concurrency/,
        ],
        ['queue::define', { queue: 'new', config: { type: 'lifo' } }, 'deserialization_error', /type/],
        ['iii::durable::publish', { topic: '', data: 1 }, 'topic_not_set', /Topic is not set/],
        ['iii::durable::publish', { topic: 'new' }, 'deserialization_error', /data/],
        [
          'iii::queue::enqueue',
          { queue: 'default', function_id: '' },
          'deserialization_error',
          /function_id/,
        ],
        [
          'iii::queue::enqueue_batch',
          {
            jobs: [
              { queue: 'default', function_id: 'f' },
              { queue: 'nowhere', function_id: 'f' },
            ],
          },
          'queue_not_found',
          /nowhere/,
        ],
        [
          'iii::queue::enqueue_batch',
          { jobs: Array.from({ length: 1_001 }, () => ({ queue: 'default', function_id: 'f' })) },
          'deserialization_error',
          /1001 are more than 1000/,
        ],
      ] as const) {
        check(
          `§3 ${id} refuses ${JSON.stringify(payload).slice(0, 90)}, and nothing is stored (${store})`,
          () => refused((app) => app.call(id, payload), code, text),
        );
      }

      check(`§2.1 an action without a queue is answered, and nothing stored (${store})`, () =>
        refused(
          (app) =>
            app.client.trigger({ function_id: 'f', payload: {}, action: { type: 'enqueue' } as never }),
          'invalid_request',
          /queue/,
        ),
      );

      check(
        `§17.3 a hundred jobs of one key at once are one job, with a hundred equal receipts (${store})`,
        async () => {
          const clients = Array.from({ length: 4 }, (_, at) => connect(`app-${at}`));
          const [app] = clients as [QueueClient];
          const queue = await app.define({});
          const seen = new Seen<unknown>();
          const end = gate();
          await app.offer('dedup', async (n) => {
            seen.note(n);
            await end.passed;
          });
          const receipts = await Promise.all(
            Array.from({ length: 100 }, (_, n) =>
              (clients[n % 4] as QueueClient).enqueue(queue, 'dedup', n, { dedup_key: 'welcome:42' }),
            ),
          );
          expect(new Set(receipts.map(({ messageReceiptId }) => messageReceiptId)).size).toBe(1);
          expect(receipts.filter(({ deduplicated }) => deduplicated)).toHaveLength(99);
          await seen.reach(1);
          expect(await app.stats(queue)).toMatchObject({ depth: 1, in_flight: 1 });
          end.open();
          await app.drained(queue);
          // Also when the first has long been done.
          const [{ messageReceiptId }] = receipts as [(typeof receipts)[0]];
          expect(await app.enqueue(queue, 'dedup', 'late', { dedup_key: 'welcome:42' })).toEqual({
            messageReceiptId,
            deduplicated: true,
          });
          const reject = { dedup_key: 'welcome:42', on_duplicate: 'reject' };
          await expect(app.enqueue(queue, 'dedup', {}, reject)).rejects.toMatchObject({
            code: 'enqueue_error',
            message: expect.stringContaining(
              `duplicate_job: dedup_key "welcome:42" belongs to the job ${messageReceiptId}`,
            ),
          });
          expect(seen.all).toHaveLength(1);
          expect(await app.stats(queue)).toMatchObject({ depth: 0, delivered: 1 });
        },
      );

      check(
        `§17.3 a job that waits is replaced by the next of its key, which another queue does not know (${store})`,
        async () => {
          const app = connect();
          const [queue, other] = [await app.define({ paused: true }), await app.define({ paused: true })];
          const replace = { dedup_key: 'k', on_duplicate: 'replace' };
          const { messageReceiptId: first } = await app.enqueue(queue, 'f', 1, replace);
          const { messageReceiptId: second, deduplicated } = await app.enqueue(queue, 'f', 2, replace);
          expect([first === second, deduplicated]).toEqual([false, undefined]);
          expect(await app.call('iii::queue::list', { queue })).toMatchObject([{ id: second, payload: 2 }]);
          await app.enqueue(other, 'f', 3, replace);
          expect(await app.stats(other)).toMatchObject({ depth: 1 });
          expect(await app.stats(queue)).toMatchObject({ depth: 1 });
        },
      );

      check(`§17.3 a full queue refuses, and takes jobs again when it is not (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ paused: true, max_length: 2, max_payload_bytes: 100 });
        const { messageReceiptId: message_id } = await app.enqueue(queue, 'f', 1);
        await app.enqueue(queue, 'f', 2);
        const full = (client: QueueClient) => client.enqueue(queue, 'f', 3);
        await refused(full, 'enqueue_error', /queue_full/);
        await app.call('iii::queue::cancel', { message_id });
        await refused(
          (client) => client.enqueue(queue, 'f', 'x'.repeat(100)),
          'enqueue_error',
          /max_payload_bytes of 100/,
        );
        await full(app);
        expect(await app.stats(queue)).toMatchObject({ depth: 2 });
      });
    },
    { config },
  );
}
