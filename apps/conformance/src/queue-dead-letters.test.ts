import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { QUEUE_STORES, QueueClient, Seen } from './queue-client.js';

for (const [store, config] of Object.entries(QUEUE_STORES)) {
  await onBothDrivers(
    `spec/worker-queue.md §15.1, §15.4: the route in and dead letters in ${store}, with the official client,`,
    (bench, check) => {
      const connect = () => new QueueClient(bench.official('app'));
      const failing = async (app: QueueClient, id: string, count: number) => {
        const queue = await app.define({ max_retries: 0 });
        const mood = { works: false };
        const done = new Seen<unknown>();
        await app.offer(id, (data) => {
          if (!mood.works) throw new Error('down');
          done.note(data);
        });
        const receipts: string[] = [];
        for (let n = 0; n < count; n++) {
          receipts.push((await app.enqueue(queue, id, { n })).messageReceiptId);
          await app.dies(queue, n + 1);
        }
        return { queue, mood, done, receipts };
      };

      check(`D-01, D-02 a redrive runs all dead letters again, oldest first (${store})`, async () => {
        const app = connect();
        const { queue, mood, done } = await failing(app, 'd02', 3);
        mood.works = true;
        expect(await app.call('iii::queue::redrive', { queue })).toEqual({ queue, redriven: 3 });
        expect(await done.reach(3)).toEqual([{ n: 0 }, { n: 1 }, { n: 2 }]);
        await app.drained(queue);
        expect(await app.dead(queue)).toEqual([]);
      });

      check(`D-03 a redrive of nothing succeeds (${store})`, async () => {
        const app = connect();
        expect(await app.call('iii::queue::redrive', { queue: 'default' })).toEqual({
          queue: 'default',
          redriven: 0,
        });
        expect(await app.call('iii::queue::redrive', { topic: 'unknown' })).toEqual({
          queue: 'unknown',
          redriven: 0,
        });
      });

      for (const [id, payload, code, message] of [
        ['iii::queue::redrive', { queue: '' }, 'queue_not_set', 'Queue name is required'],
        [
          'iii::queue::redrive_message',
          { queue: 'q', message_id: '' },
          'message_id_not_set',
          'Message ID is required',
        ],
        [
          'iii::queue::discard_message',
          { queue: '', message_id: 'x' },
          'queue_not_set',
          'Queue name is required',
        ],
        ['iii::queue::discard_message', { queue: 'q' }, 'deserialization_error', 'message_id'],
        ['iii::queue::redrive', { queue: 'q', topic: 'q' }, 'deserialization_error', 'duplicate field'],
        ['engine::queue::topic_stats', { topic: '' }, 'topic_required', 'topic is required'],
        ['engine::queue::dlq_messages', { topic: 'q', limit: -1 }, 'deserialization_error', 'limit'],
        ['engine::queue::dlq_messages', { topic: 'q', offset: 1.5 }, 'deserialization_error', 'offset'],
        ['engine::queue::dlq_messages', {}, 'topic_required', 'topic is required'],
        ['queue::define', { queue: 'q', surprise: 1 }, 'deserialization_error', 'surprise'],
        ['queue::define', { queue: 'q', config: { concurrency: 0 } }, 'deserialization_error', 'concurrency'],
        [
          'queue::define',
          { queue: 'q', config: { type: 'fifo' } },
          'invalid_queue_config',
          'message_group_field',
        ],
        ['iii::queue::enqueue', { queue: 'nowhere', function_id: 'f' }, 'queue_not_found', 'not found'],
        ['iii::queue::get', { message_id: 7 }, 'deserialization_error', 'message_id'],
        ['iii::queue::pause', { queue: 'nowhere' }, 'queue_not_found', 'no such queue'],
      ] as const) {
        check(`D-04 ${id} refuses ${JSON.stringify(payload)} (${store})`, async () => {
          await expect(connect().call(id, payload)).rejects.toMatchObject({
            code,
            message: expect.stringContaining(message),
          });
        });
      }

      check(`D-05 a flaky handler recovers through redrives (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ max_retries: 1, backoff_ms: 1 });
        const seen = new Seen<unknown>();
        await app.offer('d05', (data) => {
          seen.note(data);
          if (seen.all.length <= 5) throw new Error('flaky');
        });
        await app.enqueue(queue, 'd05', {});
        for (const calls of [2, 4]) {
          await app.dies(queue);
          expect(seen.all).toHaveLength(calls);
          expect(await app.call('iii::queue::redrive', { queue })).toEqual({ queue, redriven: 1 });
        }
        await seen.reach(6);
        await app.drained(queue);
        expect(await app.dead(queue)).toEqual([]);
      });

      check(`D-06 one is put back, one is dropped, the others stay (${store})`, async () => {
        const app = connect();
        const { queue, mood, done, receipts } = await failing(app, 'd06', 3);
        const [first = '', second = '', third] = receipts;
        mood.works = true;
        const one = { queue, message_id: second };
        expect(await app.call('iii::queue::redrive_message', one)).toEqual({ ...one, redriven: 1 });
        expect(await done.reach(1)).toEqual([{ n: 1 }]);
        const other = { queue, message_id: first };
        expect(await app.call('iii::queue::discard_message', other)).toEqual({ ...other, redriven: 1 });
        expect(await app.dead(queue)).toMatchObject([{ id: third }]);
        for (const id of ['iii::queue::redrive_message', 'iii::queue::discard_message']) {
          expect(await app.call(id, { topic: queue, message_id: 'unknown' })).toEqual({
            queue,
            message_id: 'unknown',
            redriven: 0,
          });
        }
        expect(await app.dead(queue)).toHaveLength(1);
      });

      check(`D-07 dead letters are shown page by page, newest first, and stay (${store})`, async () => {
        const app = connect();
        const { queue, receipts } = await failing(app, 'd07', 5);
        const ids = async (page?: object) => (await app.dead(queue, page)).map(({ id }) => id);
        const newest = receipts.toReversed();
        expect(await ids()).toEqual(newest);
        expect(await ids({ offset: 1, limit: 2 })).toEqual(newest.slice(1, 3));
        expect(await ids({ offset: 5 })).toEqual([]);
        expect(await ids({ limit: 0 })).toEqual([]);
        expect(await ids()).toEqual(newest);
      });

      check(`D-08 counts and lists tell what is there, under either name (${store})`, async () => {
        const app = connect();
        const { queue } = await failing(app, 'd08', 2);
        for (const payload of [{ topic: queue }, { queue }, { topic: `queue:${queue}` }]) {
          expect(await app.call('engine::queue::topic_stats', payload)).toMatchObject({
            depth: 0,
            consumer_count: payload.topic === `queue:${queue}` ? 0 : 10,
            dlq_depth: 2,
            config: null,
          });
        }
        const topics = await app.call<object[]>('engine::queue::list_topics');
        expect(topics).toContainEqual({ name: queue, broker_type: 'function_queue', subscriber_count: 10 });
        expect(topics).toContainEqual({
          name: 'default',
          broker_type: 'function_queue',
          subscriber_count: 10,
        });
        const dead = await app.call<object[]>('engine::queue::dlq_topics');
        expect(dead).toContainEqual({ topic: queue, broker_type: 'function_queue', message_count: 2 });
        expect(dead).not.toContainEqual(expect.objectContaining({ message_count: 0 }));
        expect(await app.stats('unknown')).toMatchObject({ depth: 0, consumer_count: 0, dlq_depth: 0 });
      });

      check(`E-01 the trace of the caller goes with the job, with its own receipt (${store})`, async () => {
        const app = connect();
        const target = await bench.worker('e01-target');
        target.offer('e01::turn');
        await target.settled();
        const caller = await bench.worker('e01-caller');
        const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
        const baggage = 'iii.session.id=s1,iii.function.id=harness::send';
        const action = { type: 'enqueue', queue: 'default' };
        const answer = await caller.call('e01::turn', { n: 1 }, { action, traceparent, baggage });
        expect(answer).toMatchObject({ function_id: 'e01::turn', traceparent, baggage });
        const invocation = await target.invocation();
        expect(invocation.data).toEqual({ n: 1 });
        expect(invocation.traceparent).toContain('0af7651916cd43dd8448eb211c80319c');
        expect(invocation.baggage).toContain('iii.session.id=s1');
        expect(invocation.baggage).toContain('iii.function.id=e01::turn');
        expect(invocation.baggage).not.toContain('harness::send');
        target.respond(invocation, { result: null });
        await app.drained('default');
      });

      check(`E-03, E-06 the functions of the queue are there, and listed (${store})`, async () => {
        const app = connect();
        const { functions } = await app.call<{ functions: Array<{ function_id: string }> }>(
          'engine::functions::list',
        );
        const ids = functions.map(({ function_id }) => function_id);
        for (const name of ['list_topics', 'topic_stats', 'dlq_topics', 'dlq_messages']) {
          expect(ids).toContain(`engine::queue::${name}`);
        }
        expect(await app.call('engine::queue::list_topics')).toBeInstanceOf(Array);
        expect(await app.call('engine::queue::dlq_topics')).toBeInstanceOf(Array);
      });
    },
    { config },
  );
}
