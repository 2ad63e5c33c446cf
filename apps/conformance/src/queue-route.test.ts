import type { EnqueueResult as QueueEnqueueResult } from '@iii-dev/helpers/queue';
import { type EnqueueResult, TriggerAction } from 'official-iii-sdk';
import { expect } from 'vitest';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';
import { QUEUE_STORES, QueueClient, Seen } from './queue-client.js';

await onBothDrivers(
  'spec/worker-queue.md §15.1: the route in, where no queue worker runs,',
  (bench, check) => {
    check('E-01 another provider sees the job, and its caller the receipt of the engine', async () => {
      const provider = bench.official('provider');
      const jobs = new Seen<Record<string, unknown>>();
      provider.registerFunction('engine::queue::enqueue', async (job: Record<string, unknown>) => {
        jobs.note(job);
        return { messageReceiptId: 'not this one' };
      });
      await offered(provider, 'engine::queue::enqueue');
      const caller = await bench.worker('caller');
      const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
      const baggage = 'iii.session.id=s1,iii.function.id=harness::send';
      const action = { type: 'enqueue', queue: 'harness-turn' };
      const answer = await caller.call('harness::turn', { n: 1 }, { action, traceparent, baggage });
      const [job = {}] = await jobs.reach(1);
      expect(job).toEqual({
        queue: 'harness-turn',
        function_id: 'harness::turn',
        data: { n: 1 },
        messageReceiptId: expect.stringMatching(/^[0-9a-f]{8}-.{4}-4/),
        traceparent,
        baggage: expect.stringContaining('iii.session.id=s1'),
      });
      expect(job.baggage).toContain('iii.function.id=harness::turn');
      expect(job.baggage).not.toContain('harness::send');
      expect(answer.result).toEqual({ messageReceiptId: job.messageReceiptId });
    });

    check('E-02 without a provider the caller hears what is missing, and how to add it', async () => {
      const caller = bench.official('caller');
      const call = caller.trigger({
        function_id: 'call::f',
        payload: {},
        action: TriggerAction.Enqueue({ queue: 'q' }),
        timeoutMs: 1_000,
      });
      await expect(call).rejects.toMatchObject({
        code: 'enqueue_error',
        message: expect.stringMatching(/engine::queue::enqueue.*iii worker add queue/s),
      });
    });

    check('E-04 actions are spelled as the protocol has them', async () => {
      expect(TriggerAction.Enqueue({ queue: 'q' })).toEqual({ type: 'enqueue', queue: 'q' });
      expect(TriggerAction.Void()).toEqual({ type: 'void' });
      // One type under both names: this is checked by the compiler.
      const receipt: EnqueueResult = { messageReceiptId: 'x' } satisfies QueueEnqueueResult;
      expect(Object.keys(receipt)).toEqual(['messageReceiptId']);
    });
  },
);

for (const [store, config] of Object.entries(QUEUE_STORES)) {
  await onBothDrivers(
    `spec/worker-queue.md §15.1: the route in, with queues in ${store},`,
    (bench, check) => {
      const connect = () => new QueueClient(bench.official('app'));

      check(
        `E-02 queueing never falls back to calling: who is not offered is queued for (${store})`,
        async () => {
          const app = connect();
          const queue = await app.define({});
          const seen = new Seen<unknown>();
          expect(await app.enqueue(queue, 'e02::later', 1)).toHaveProperty('messageReceiptId');
          await app.offer('e02::later', seen.note);
          expect(await seen.reach(1)).toEqual([1]);
          await app.drained(queue);
        },
      );

      check(
        `E-05 a worker may call the provider itself, and is known to the job by nothing (${store})`,
        async () => {
          const app = connect();
          const queue = await app.define({});
          const seen = new Seen<unknown>();
          await app.offer('e05', seen.note);
          const messageReceiptId = '7e1b0c6a-0000-4000-8000-000000000001';
          const job = { queue, function_id: 'e05', data: { n: 1 }, messageReceiptId };
          // The engine puts the caller's id into this object.
          expect(await app.call('engine::queue::enqueue', job)).toEqual({ messageReceiptId });
          expect(await seen.reach(1)).toEqual([{ n: 1 }]);
          await app.drained(queue);
          await expect(app.call('engine::queue::enqueue', { ...job, surprise: 1 })).rejects.toMatchObject({
            code: 'deserialization_error',
            message: expect.stringContaining('surprise'),
          });
          expect(await app.stats(queue)).toMatchObject({ depth: 0, delivered: 1 });
        },
      );

      check(
        `E-05 a queue is defined with the caller's id beside it, and nothing else (${store})`,
        async () => {
          const app = connect();
          const queue = await app.define({ concurrency: 2 });
          const define = (input: object) => app.call('queue::define', { queue, ...input });
          const settings = { config: { concurrency: 2 } };
          expect(await define({ ...settings, _caller_worker_id: 'forged' })).toEqual({
            queue,
            changed: false,
          });
          await expect(define({ ...settings, surprise: 1 })).rejects.toMatchObject({
            code: 'deserialization_error',
            message: expect.stringContaining('surprise'),
          });
          await expect(define({ config: { surprise: 1 } })).rejects.toMatchObject({
            code: 'deserialization_error',
            message: expect.stringContaining('surprise'),
          });
          expect(await define({ config: { concurrency: 3 } })).toEqual({ queue, changed: true });
          expect(await app.stats(queue)).toMatchObject({ consumer_count: 3 });
        },
      );

      check(`Q-19 what queues take is told, with its defaults (${store})`, async () => {
        const { request_schema: schema } = await connect().call<{ request_schema: unknown }>(
          'engine::functions::info',
          { function_id: 'queue::define' },
        );
        expect(schema).toMatchObject({
          properties: { config: { properties: { timeout_ms: { default: 1_800_000 } } } },
        });
      });
    },
    { config },
  );
}
