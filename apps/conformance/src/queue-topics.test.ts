import { randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { gate, QUEUE_STORES, QueueClient, Seen } from './queue-client.js';

let topics = 0;

for (const [store, config] of Object.entries(QUEUE_STORES)) {
  await onBothDrivers(
    `spec/worker-queue.md §15.3: topics in ${store}, with the official client,`,
    (bench, check) => {
      const connect = (name = 'app') => new QueueClient(bench.official(name));
      const aTopic = () => `topic-${++topics}`;

      check(
        `T-01, T-02, T-03 each function gets each message once, however often it is bound (${store})`,
        async () => {
          const app = connect();
          const topic = aTopic();
          const [a, b] = [new Seen<unknown>(), new Seen<unknown>()];
          await app.offer('t01::a', a.note);
          await app.offer('t01::b', b.note);
          await app.subscribe(topic, 't01::a');
          await app.subscribe(topic, 't01::b');
          await app.subscribe(topic, 't01::b');
          await app.eventually(
            () => app.stats(topic),
            ({ consumer_count }) => consumer_count === 3,
          );
          const messages = Array.from({ length: 5 }, (_, n) => ({ n, deep: { list: [n] } }));
          for (const message of messages) expect(await app.publish(topic, message)).toBeNull();
          const byNumber = (x: unknown, y: unknown) => (x as { n: number }).n - (y as { n: number }).n;
          await a.reach(5);
          await b.reach(5);
          await app.drained(topic);
          expect([a.all.toSorted(byNumber), b.all.toSorted(byNumber)]).toEqual([messages, messages]);
        },
      );

      check(`T-05, T-16 who unsubscribes gets later what was published meanwhile (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const [a, b] = [new Seen<unknown>(), new Seen<unknown>()];
        await app.offer('t05::a', a.note);
        await app.offer('t05::b', b.note);
        await app.subscribe(topic, 't05::a');
        const binding = await app.subscribe(topic, 't05::b');
        await app.eventually(
          () => app.stats(topic),
          ({ consumer_count }) => consumer_count === 2,
        );
        binding.unregister();
        await app.eventually(
          () => app.stats(topic),
          ({ consumer_count }) => consumer_count === 1,
        );
        await app.publish(topic, 1);
        await app.publish(topic, 2);
        expect((await a.reach(2)).toSorted()).toEqual([1, 2]);
        expect(b.all).toEqual([]);
        await app.subscribe(topic, 't05::b');
        expect((await b.reach(2)).toSorted()).toEqual([1, 2]);
      });

      check(`what is published before anybody subscribes goes to the first who does (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        for (const n of [1, 2, 3]) await app.publish(topic, n);
        const seen = new Seen<unknown>();
        await app.offer('backlog', seen.note);
        await app.subscribe(topic, 'backlog');
        expect((await seen.reach(3)).toSorted()).toEqual([1, 2, 3]);
        await app.drained(topic);
      });

      check(`T-06 a condition that is not met skips the handler for good (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const [all, some] = [new Seen<unknown>(), new Seen<unknown>()];
        await app.offer('t06::all', all.note);
        await app.offer('t06::some', some.note);
        await app.offer('t06::if', ({ category }: { category: string }) => category === 'important');
        await app.subscribe(topic, 't06::all');
        await app.subscribe(topic, 't06::some', { condition_function_id: 't06::if' });
        await app.eventually(
          () => app.stats(topic),
          ({ consumer_count }) => consumer_count === 2,
        );
        await app.publish(topic, { category: 'dull' });
        await app.publish(topic, { category: 'important' });
        await all.reach(2);
        await app.drained(topic);
        expect(some.all).toEqual([{ category: 'important' }]);
        expect(await app.dead(topic)).toEqual([]);
      });

      check(`T-07, T-08 subscribers of two namespaces keep apart (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const seen = new Seen<unknown>();
        await app.offer('t08', seen.note);
        await app.subscribe(topic, 't08');
        const orders = await bench.worker('t08-orders', { namespace: 'orders' });
        orders.offer('t08').send({
          type: 'registertrigger',
          id: orders.nextId(),
          trigger_type: 'durable:subscriber',
          function_id: 't08',
          namespace: 'orders',
          config: { topic },
        });
        await app.eventually(
          () => app.stats(topic),
          ({ consumer_count }) => consumer_count === 2,
        );
        await app.publish(topic, 'both');
        const invocation = await orders.invocation();
        expect(invocation).toMatchObject({ function_id: 't08', data: 'both' });
        orders.respond(invocation, { result: null });
        expect(await seen.reach(1)).toEqual(['both']);
        await app.drained(topic);
        expect(seen.all).toHaveLength(1);
      });

      check(`T-07 a condition is asked in the namespace of its subscriber (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const wrong = new Seen<unknown>();
        await app.offer('t07', wrong.note);
        await app.offer('t07::if', wrong.note);
        const orders = await bench.worker('t07-orders', { namespace: 'orders' });
        orders
          .offer('t07')
          .offer('t07::if')
          .send({
            type: 'registertrigger',
            id: orders.nextId(),
            trigger_type: 'durable:subscriber',
            function_id: 't07',
            namespace: 'orders',
            config: { topic, condition_function_id: 't07::if' },
          });
        await app.eventually(
          () => app.stats(topic),
          ({ consumer_count }) => consumer_count === 1,
        );
        await app.publish(topic, 1);
        const asked = await orders.invocation();
        expect(asked).toMatchObject({ function_id: 't07::if', data: 1 });
        orders.respond(asked, { result: true });
        const run = await orders.invocation();
        expect(run).toMatchObject({ function_id: 't07', data: 1 });
        orders.respond(run, { result: null });
        await app.drained(topic);
        expect(wrong.all).toEqual([]);
      });

      check(`T-09 names with @ in them are not taken for one another (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const pairs = [
          ['task@blue', 'green'],
          ['task', 'blue@green'],
        ] as const;
        const workers = await Promise.all(
          pairs.map(async ([function_id, namespace], at) => {
            const worker = await bench.worker(`t09-${at}`, { namespace });
            const trigger = { type: 'registertrigger', id: randomUUID(), function_id, namespace };
            worker
              .offer(function_id)
              .send({ ...trigger, trigger_type: 'durable:subscriber', config: { topic } });
            return worker;
          }),
        );
        await app.eventually(
          () => app.stats(topic),
          ({ consumer_count }) => consumer_count === 2,
        );
        await app.publish(topic, 'both');
        expect(await app.stats(topic)).toMatchObject({ depth: 2 });
        for (const [at, worker] of workers.entries()) {
          const invocation = await worker.invocation();
          expect(invocation).toMatchObject({ function_id: pairs[at]?.[0], data: 'both' });
          worker.respond(invocation, { result: null });
        }
        await app.drained(topic);
        expect(await app.stats(topic)).toMatchObject({ delivered: 2 });
        for (const worker of workers) {
          await worker.settled();
          expect(worker.frames.filter(({ type }) => type === 'invokefunction')).toEqual([]);
        }
      });

      check(`T-10 retries and their pause are those of the subscriber (${store})`, async () => {
        const app = connect();
        for (const [maxRetries, calls] of [
          [0, 1],
          [1, 2],
        ] as const) {
          const topic = aTopic();
          const seen = new Seen<unknown>();
          await app.offer(`t10::${maxRetries}`, (data) => {
            seen.note(data);
            throw new Error('no');
          });
          await app.subscribe(topic, `t10::${maxRetries}`, {
            queue_config: { maxRetries, backoffDelayMs: 1 },
          });
          await app.publish(topic, null);
          await app.dies(topic);
          expect(seen.all).toHaveLength(calls);
        }
      });

      check(`a subscriber that says nothing about retries gets three attempts (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const seen = new Seen<unknown>();
        await app.offer('three', (data) => {
          seen.note(data);
          throw new Error('no');
        });
        await app.subscribe(topic, 'three', { queue_config: { backoffDelayMs: 1 } });
        await app.publish(topic, 'x');
        expect(await app.dies(topic)).toMatchObject([{ retries: 3, payload: 'x', function_id: 'three' }]);
        expect(seen.all).toHaveLength(3);
      });

      check(`T-11 what cannot be published is refused with its code (${store})`, async () => {
        const app = connect();
        const publish = (payload: unknown) => app.call('iii::durable::publish', payload);
        await expect(publish({ topic: '', data: 1 })).rejects.toMatchObject({
          code: 'topic_not_set',
          message: expect.stringContaining('Topic is not set'),
        });
        for (const payload of [{ data: 1 }, { topic: 't' }, { topic: 7, data: 1 }, [], null]) {
          await expect(publish(payload)).rejects.toMatchObject({ code: 'deserialization_error' });
        }
        const topic = aTopic();
        for (const data of ['text', [1], null, 0, false]) expect(await publish({ topic, data })).toBeNull();
      });

      check(`T-12 a subscriber without a topic, or with a wrong type, is refused (${store})`, async () => {
        const refused = vi.spyOn(console, 'error').mockImplementation(() => {});
        const app = connect();
        const text = () => refused.mock.calls.flat().map(String).join(' ');
        for (const [bad, expected] of [
          [{}, 'topic is required'],
          [{ topic: '' }, 'topic'],
          [{ topic: 'a', queue: 'b' }, 'two topics'],
          [{ topic: 'a', condition_function_id: 7 }, 'condition_function_id'],
          [{ topic: 'a', queue_config: { type: 'fifoo' } }, 'queue_config.type'],
          [{ topic: 'a', queue_config: { maxRetries: -1 } }, 'queue_config.maxRetries'],
          [{ topic: 'a', queue_config: { maxPriority: 256 } }, 'queue_config.maxPriority'],
        ] as const) {
          refused.mockClear();
          app.client.registerTrigger({ type: 'durable:subscriber', function_id: 't12', config: bad });
          await expect.poll(text, { timeout: 15_000 }).toContain(expected);
        }
        refused.mockRestore();
      });

      check(
        `T-13 the handler gets the metadata of the trigger, and the data as it was published (${store})`,
        async () => {
          const app = connect();
          const topic = aTopic();
          const seen = new Seen<unknown>();
          await app.offer('t13', (data, metadata) => seen.note([data, metadata]));
          await app.subscribe(topic, 't13', {}, { metadata: { tenant: 'x' } });
          await app.publish(topic, { a: 1 });
          expect(await seen.reach(1)).toEqual([
            [
              { a: 1 },
              { tenant: 'x', 'iii.queue': expect.objectContaining({ queue: `${topic} → t13`, attempt: 1 }) },
            ],
          ]);
        },
      );

      check(
        `T-14 a worker that comes back under another trigger id gets what waited for it (${store})`,
        async () => {
          const first = connect('t14');
          const topic = aTopic();
          await first.offer('t14', () => {});
          await first.subscribe(topic, 't14');
          await first.client.shutdown();
          const app = connect();
          await app.eventually(
            () => app.stats(topic),
            ({ consumer_count }) => consumer_count === 0,
          );
          for (const n of [1, 2]) await app.publish(topic, n);
          expect(await app.stats(topic)).toMatchObject({ depth: 2 });
          const seen = new Seen<unknown>();
          await app.offer('t14', seen.note);
          await app.subscribe(topic, 't14');
          expect((await seen.reach(2)).toSorted()).toEqual([1, 2]);
        },
      );

      check(
        `T-14 registrations of one function share its messages until the last is gone (${store})`,
        async () => {
          const app = connect();
          const topic = aTopic();
          const seen = new Seen<number>();
          await app.offer('t14::shared', seen.note);
          const bindings = [
            await app.subscribe(topic, 't14::shared'),
            await app.subscribe(topic, 't14::shared'),
          ];
          for (const [at, binding] of bindings.entries()) {
            await app.eventually(
              () => app.stats(topic),
              ({ consumer_count }) => consumer_count === 2 - at,
            );
            await app.publish(topic, at);
            expect(await seen.reach(at + 1)).toHaveLength(at + 1);
            binding.unregister();
          }
          await app.eventually(
            () => app.stats(topic),
            ({ consumer_count }) => consumer_count === 0,
          );
          await app.publish(topic, 2);
          expect(await app.stats(topic)).toMatchObject({ waiting: 1, in_flight: 0 });
          await app.subscribe(topic, 't14::shared');
          expect(await seen.reach(3)).toEqual([0, 1, 2]);
          await app.drained(topic);
          expect(seen.all).toHaveLength(3);
        },
      );

      check(`T-17 a fifo subscriber keeps the order, also through a failure (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const seen = new Seen<number>();
        await app.offer('t17', async (n: number) => {
          seen.note(n);
          if (n === 0 && seen.all.length === 1) throw new Error('once');
        });
        await app.subscribe(topic, 't17', { queue_config: { type: 'fifo', backoffDelayMs: 10 } });
        await Promise.all(Array.from({ length: 10 }, (_, n) => app.publish(topic, n)));
        expect(await seen.reach(11)).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
      });

      check(`T-04, T-18 never more than concurrency messages are at work (${store})`, async () => {
        const app = connect();
        const topic = aTopic();
        const seen = new Seen<number>();
        const end = gate();
        await app.offer('t18', async (n: number) => {
          seen.note(n);
          await end.passed;
        });
        await app.subscribe(topic, 't18', { queue_config: { concurrency: 2 } });
        for (let n = 0; n < 4; n++) await app.publish(topic, n);
        await seen.reach(2);
        expect(await app.stats(topic)).toMatchObject({ in_flight: 2, waiting: 2 });
        end.open();
        await app.drained(topic);
        expect(seen.all.toSorted()).toEqual([0, 1, 2, 3]);
      });
    },
    { config },
  );
}
