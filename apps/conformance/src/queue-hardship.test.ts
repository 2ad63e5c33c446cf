import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { onBothDrivers } from './on-both-drivers.js';
import { QUEUE_STORES, QueueClient, Seen } from './queue-client.js';

const LONG = 'ü'.repeat(3_000);
const NAMES = ['a::b.c/d e', '日本語', '🦊'.repeat(80), '__proto__', `${LONG}1`, `${LONG}2`];

let nested: unknown = 'core';
// Frames may be 128 deep.
for (let depth = 0; depth < 120; depth++) nested = [nested];

const PAYLOADS: readonly unknown[] = [
  null,
  '',
  0,
  false,
  [],
  {},
  1e308,
  5e-324,
  '\u0000\u001f\u2028"\\',
  // Without `__proto__`, which the official client drops from what it receives.
  { constructor: 1, toString: null, '': 2 },
  { messageReceiptId: 'forged', queue: 'other', 'iii.queue': { priority: 9 } },
  nested,
];

for (const [store, config] of Object.entries(QUEUE_STORES)) {
  await onBothDrivers(
    `spec/worker-queue.md §15.7: what is hard on queues in ${store}, with the official client,`,
    (bench, check) => {
      const connect = () => new QueueClient(bench.official('app'));

      check(`§15.7 strange payloads arrive as they were, by queue and by topic (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 1 });
        const [jobs, messages] = [new Seen<unknown>(), new Seen<unknown>()];
        await app.offer('strange::job', jobs.note);
        await app.offer('strange::message', messages.note);
        await app.subscribe('strange', 'strange::message', { queue_config: { type: 'fifo' } });
        for (const payload of PAYLOADS) {
          await app.enqueue(queue, 'strange::job', payload);
          await app.publish('strange', payload);
        }
        const texts = PAYLOADS.map((payload) => JSON.stringify(payload));
        expect((await jobs.reach(texts.length)).map((payload) => JSON.stringify(payload))).toEqual(texts);
        expect((await messages.reach(texts.length)).map((payload) => JSON.stringify(payload))).toEqual(texts);
      });

      check(`§15.7 payloads of one kilobyte to ten megabytes arrive whole (${store})`, async () => {
        const app = connect();
        const queue = await app.define({ concurrency: 1, max_payload_bytes: 12 * 1024 * 1024 });
        const seen = new Seen<number>();
        await app.offer('large', ({ text }: { text: string }) => {
          seen.note(text === 'ä'.repeat(text.length) ? text.length : -1);
        });
        const sizes = [1_024, 64 * 1_024, 1_048_576, 5 * 1_048_576];
        for (const size of sizes) await app.enqueue(queue, 'large', { text: 'ä'.repeat(size) });
        expect(await seen.reach(sizes.length)).toEqual(sizes);
        await app.drained(queue);
      });

      check(`§15.7 names may be strange, and long ones alike but for their end (${store})`, async () => {
        const app = connect();
        const seen = new Seen<readonly [string, unknown]>();
        await app.offer('named', (data, metadata) => {
          seen.note([(metadata as { 'iii.queue': { queue: string } })['iii.queue'].queue, data]);
        });
        for (const [n, name] of NAMES.entries()) {
          const queue = `q:${name}`;
          expect(await app.call('queue::define', { queue })).toEqual({ queue, changed: true });
          const options = { dedup_key: name, group: name };
          expect(await app.enqueue(queue, 'named', n, options)).not.toHaveProperty('deduplicated');
          expect(await app.enqueue(queue, 'named', n, options)).toHaveProperty('deduplicated', true);
          await seen.reach(n + 1);
        }
        expect(seen.all).toEqual(NAMES.map((name, n) => [`q:${name}`, n]));
        for (const [n, name] of NAMES.entries()) {
          const topic = `t:${name}`;
          await app.subscribe(topic, 'named');
          await app.publish(topic, name);
          const last = (await seen.reach(NAMES.length + n + 1)).at(-1);
          expect(last).toEqual([`${topic} → named`, name]);
        }
      });

      check(`§15.7 groups of long names keep apart, and each its order (${store})`, async () => {
        const app = connect();
        const seen = new Seen<string>();
        await app.offer('groups', ({ g, n }: { g: string; n: number }) => seen.note(`${g.at(-1)}${n}`));
        for (let n = 0; n < 3; n++)
          for (const end of ['1', '2']) await app.enqueue('orders', 'groups', { g: LONG + end, n });
        const all = await seen.reach(6);
        for (const end of ['1', '2'])
          expect(all.filter((one) => one.startsWith(end))).toEqual([`${end}0`, `${end}1`, `${end}2`]);
      });

      check(
        `§3.1 a queue and a topic of one name are counted together, and told apart (${store})`,
        async () => {
          const app = connect();
          const name = await app.define({ max_retries: 0 });
          await app.offer('same::job', () => {
            throw new Error('job');
          });
          await app.offer('same::message', () => {
            throw new Error('message');
          });
          await app.client.registerTrigger({
            type: 'durable:subscriber',
            function_id: 'same::message',
            config: { topic: name, queue_config: { maxRetries: 0 } },
          });
          await app.eventually(
            () => app.stats(name),
            ({ consumer_count }) => consumer_count === 11,
          );
          await app.enqueue(name, 'same::job', 'job');
          await app.publish(name, 'message');
          const letters = await app.dies(name, 2);
          expect(letters.map(({ payload }) => payload).toSorted()).toEqual(['job', 'message']);
          expect(await app.dead(`queue:${name}`)).toMatchObject([{ payload: 'job' }]);
          expect(await app.dead(`topic:${name}`)).toMatchObject([{ payload: 'message' }]);
          const discard = (queue: string) => app.call('iii::queue::discard', { queue });
          expect(await discard(`topic:${name}`)).toMatchObject({ discarded: 1 });
          expect(await app.dead(name)).toMatchObject([{ payload: 'job' }]);
          expect(await discard(name)).toMatchObject({ discarded: 1 });
        },
      );
    },
    { config },
  );

  await onBothDrivers(
    `spec/worker-queue.md §15.7: queues in ${store} without room, with the official client,`,
    (bench, check) => {
      check(
        `§15.7 what finds no room is refused, and taken again when there is some (${store})`,
        async () => {
          const app = new QueueClient(bench.official('app'));
          const data = 'x'.repeat(100_000);
          const receipts: string[] = [];
          const fill = async () => {
            for (;;) receipts.push((await app.enqueue('default', 'room::later', data)).messageReceiptId);
          };
          await expect(fill()).rejects.toMatchObject({
            code: 'enqueue_error',
            message: expect.stringMatching(/enqueue_failed: .*(full|budget|max_bytes|bytes)/),
          });
          await expect(app.publish('room', data)).rejects.toMatchObject({ code: 'publish_failed' });
          expect(receipts.length).toBeGreaterThan(1);
          expect(await app.stats('default')).toMatchObject({ depth: receipts.length });
          const seen = new Seen<unknown>();
          await app.offer('room::later', (_, metadata) => {
            seen.note((metadata as { 'iii.queue': { message_id: string } })['iii.queue'].message_id);
          });
          expect((await seen.reach(receipts.length)).toSorted()).toEqual(receipts.toSorted());
          await app.drained('default');
          await app.enqueue('default', 'room::later', data);
          await seen.reach(receipts.length + 1);
        },
      );
    },
    { config: config.replace('config:\n      adapter', 'config:\n      max_bytes: 2000000\n      adapter') },
  );
}

it('§15.7 a second engine does not take the jobs of one that runs', async () => {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-queue-directory-'));
  const config = QUEUE_STORES.disk.replace('file_based', `file_based, file_path: ${directory}`);
  const first = await EngineProcess.start({ driver: 'node', config });
  try {
    const second = EngineProcess.start({ driver: 'node', config }).then((engine) => engine.stop());
    await expect(second).rejects.toThrow(directory);
  } finally {
    await first.stop();
    rmSync(directory, { recursive: true, force: true });
  }
});
