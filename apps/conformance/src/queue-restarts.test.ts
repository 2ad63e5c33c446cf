import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { DurableEngine } from './durable-engine.js';
import { offered, registerOfficial } from './official.js';
import { gate, QueueClient, Seen } from './queue-client.js';
import { startQueueProcess } from './queue-process.js';

/** Spec/worker-queue.md §15.2, §15.3, §15.7: what outlives the engine, with the official client. */

const DISK = `
  - name: iii-queue
    config:
      shutdown_grace_ms: 20
      queue_configs:
        once: { max_retries: 0, concurrency: 1 }
        held: { paused: true }
`;

interface Delivery {
  readonly data: unknown;
  readonly attempt: number;
  readonly message_id: string;
}

const open: Array<() => Promise<unknown>> = [];

beforeAll(() => {
  for (const method of ['debug', 'log', 'warn', 'error'] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
});
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});
afterAll(() => vi.restoreAllMocks());

function connect(url: string, name = 'app'): QueueClient {
  const client = registerOfficial(url, name);
  open.push(() => client.shutdown());
  return new QueueClient(client);
}

/** Offers a function that notes its jobs and does not end before it may. */
async function offerHeld(app: QueueClient, id: string) {
  const seen = new Seen<Delivery>();
  const end = gate();
  await app.offer(id, async (data, metadata) => {
    const { attempt, message_id } = (metadata as { 'iii.queue': Delivery })['iii.queue'];
    seen.note({ data, attempt, message_id });
    await end.passed;
  });
  return { seen, end };
}

/** Everything that was written before this is on the disk when it resolves. */
const written = (app: QueueClient) => app.enqueue('held', 'nobody', {});

it('Q-24 a job that was at work when the engine was killed runs once more, and is not charged (disk)', async () => {
  await using engine = new DurableEngine(DISK);
  await engine.start();
  const app = connect(engine.url);
  const { seen, end } = await offerHeld(app, 'q24');
  const { messageReceiptId: message_id } = await app.enqueue('once', 'q24', 7);
  await seen.reach(1);
  await written(app);
  await engine.kill();
  await engine.start();
  const job = { data: 7, attempt: 1, message_id };
  expect(await seen.reach(2)).toEqual([job, job]);
  end.open();
  await app.drained('once');
  expect(await app.stats('once')).toMatchObject({ delivered: 1, dlq_depth: 0 });
  expect(seen.all).toHaveLength(2);
}, 60_000);

it('Q-24 a job that was at work in more kills than it may be dies, and says so (disk)', async () => {
  await using engine = new DurableEngine(DISK);
  await engine.start();
  const app = connect(engine.url);
  const { seen, end } = await offerHeld(app, 'q24');
  const { messageReceiptId } = await app.enqueue('once', 'q24', 7);
  for (let kills = 1; kills <= 4; kills++) {
    await seen.reach(kills);
    await written(app);
    await engine.kill();
    await engine.start();
  }
  const [letter] = await app.dies('once');
  expect(letter).toMatchObject({ id: messageReceiptId, payload: 7, retries: 4 });
  expect(letter?.error).toMatch(/^invocation_stopped: .*ended before the attempt did/);
  expect(seen.all).toHaveLength(4);
  end.open();
}, 60_000);

it('Q-24 a queue in a process of its own gives a job out again when the engine was killed (memory)', async () => {
  await using engine = new DurableEngine('');
  await engine.start();
  const config =
    'adapter: { name: in_memory }\nqueue_configs: { once: { max_retries: 0, concurrency: 1 } }\n';
  await using _queue = startQueueProcess(engine.url, config);
  const app = connect(engine.url);
  await offered(app.client, 'engine::queue::enqueue');
  const { seen, end } = await offerHeld(app, 'q24');
  const { messageReceiptId: message_id } = await app.enqueue('once', 'q24', 7);
  await seen.reach(1);
  await engine.kill();
  await engine.start();
  const job = { data: 7, attempt: 1, message_id };
  expect(await seen.reach(2)).toEqual([job, job]);
  end.open();
  await offered(app.client, 'engine::queue::enqueue');
  await app.drained('once');
  expect(await app.stats('once')).toMatchObject({ delivered: 1, dlq_depth: 0 });
  expect(seen.all).toHaveLength(2);
}, 60_000);

it('Q-21, T-15 what a stopping engine had not begun is there when it is back, in order (disk)', async () => {
  await using engine = new DurableEngine(DISK);
  await engine.start();
  const first = connect(engine.url, 'first');
  const begun = await offerHeld(first, 'q21');
  await first.subscribe('t15', 'q21');
  const receipts: string[] = [];
  for (let n = 0; n < 6; n++) receipts.push((await first.enqueue('once', 'q21', n)).messageReceiptId);
  await begun.seen.reach(1);
  await first.client.shutdown();
  const caller = connect(engine.url, 'caller');
  await caller.eventually(
    () => caller.stats('t15'),
    ({ consumer_count }) => consumer_count === 0,
  );
  await caller.publish('t15', 'while away');
  await engine.kill('SIGTERM');
  await engine.start();
  const app = connect(engine.url, 'second');
  const { seen, end } = await offerHeld(app, 'q21');
  expect(await seen.reach(1)).toEqual([{ data: 0, attempt: 1, message_id: receipts[0] }]);
  end.open();
  const expected = receipts.map((message_id, data) => ({ data, attempt: 1, message_id }));
  expect(await seen.reach(6)).toEqual(expected);
  await app.drained('once');
  await app.subscribe('t15', 'q21');
  expect((await seen.reach(7))[6]).toMatchObject({ data: 'while away', attempt: 1 });
  await app.drained('t15');
  expect(await app.stats('once')).toMatchObject({ delivered: 6, dlq_depth: 0 });
}, 60_000);
