import { registerWorker } from 'iii-sdk';
import { enqueueBatch } from 'iii-sdk/queue';
import { median, percentile } from '../statistics.js';
import { table, verdict } from '../text.js';
import { bullSubject, iiiSubject, QueueEngine, type Subject } from './subjects.js';

export interface QueueBenchOptions {
  readonly rounds: number;
  readonly seconds: number;
  /** Jobs that wait while others are put in, and when it starts again. */
  readonly backlog: number;
  readonly tell: (line: string) => void;
}

/** Milliseconds of the same load before it is measured, as in the other benches. */
const WARM_UP_MS = 2_000;
const PRODUCERS = 64;
const CONCURRENCY = 100;
const BATCH = 1_000;
const IDLE_QUEUES = 1_000;
/** About 1 KiB as JSON. */
const PAYLOAD = { text: 'x'.repeat(1_000) };

interface Sample {
  readonly enqueued: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly completed: number;
}

/** Enqueues and jobs a second beside BullMQ, the subjects of a round in turn. */
export async function benchQueue({ rounds, seconds, tell }: QueueBenchOptions): Promise<string> {
  const samples = new Map<string, Sample[]>();
  const missing: string[] = [];
  for (let round = 1; round <= rounds; round++) {
    const starts = [iiiSubject, () => bullSubject('always'), () => bullSubject('everysec')];
    for (const start of starts) {
      const subject = await start();
      if ('missing' in subject) {
        if (round === 1) missing.push(subject.missing);
        continue;
      }
      await using running = subject;
      const sample = await measure(running, seconds);
      samples.set(running.name, [...(samples.get(running.name) ?? []), sample]);
      tell(
        `round ${round}: ${running.name}: ${sample.enqueued.toFixed(0)} enqueues/s, ${sample.completed.toFixed(0)} jobs/s`,
      );
    }
  }
  const of = (name: string, field: keyof Sample) =>
    median((samples.get(name) ?? []).map((one) => one[field]));
  const rows = [...samples.keys()].map((name) => [
    name,
    of(name, 'enqueued').toFixed(0),
    of(name, 'p50Ms').toFixed(1),
    of(name, 'p99Ms').toFixed(1),
    of(name, 'completed').toFixed(0),
  ]);
  const [own, ...others] = samples.keys();
  const verdicts = others.flatMap((other) => {
    const target = { atLeast: other.endsWith('always') ? 2 : 1 };
    const ratio = (field: keyof Sample) => verdict(of(own ?? '', field) / of(other, field), target);
    return [`beside ${other}: enqueues ${ratio('enqueued')}, jobs ${ratio('completed')}`];
  });
  const titles = ['subject', 'enqueues/s', 'p50 ms', 'p99 ms', 'jobs/s end to end'];
  return [
    `${PRODUCERS} producers, jobs of 1 KiB, ${CONCURRENCY} at work`,
    table(titles, rows),
    ...verdicts,
    ...missing,
  ].join('\n');
}

async function measure(subject: Subject, seconds: number): Promise<Sample> {
  await produce(subject, WARM_UP_MS);
  const { enqueued, latencies } = await produce(subject, seconds * 1_000);
  let done = 0;
  let finish = () => {};
  const all = enqueued.total;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const started = performance.now();
  await subject.work(CONCURRENCY, () => {
    if (++done >= all) finish();
  });
  await finished;
  return {
    enqueued: enqueued.perSecond,
    p50Ms: percentile(latencies, 50),
    p99Ms: percentile(latencies, 99),
    completed: all / ((performance.now() - started) / 1_000),
  };
}

async function produce(subject: Pick<Subject, 'enqueue'>, ms: number) {
  const latencies: number[] = [];
  const started = performance.now();
  const end = started + ms;
  const loop = async () => {
    for (let now = performance.now(); now < end; now = performance.now()) {
      await subject.enqueue(PAYLOAD);
      latencies.push(performance.now() - now);
    }
  };
  await Promise.all(Array.from({ length: PRODUCERS }, loop));
  const total = latencies.length;
  return { enqueued: { total, perSecond: total / ((performance.now() - started) / 1_000) }, latencies };
}

/** What a backlog costs: putting a job in beside it, and starting again with it. */
export async function benchBacklog({ backlog, seconds, tell }: QueueBenchOptions): Promise<string> {
  await using engine = new QueueEngine({ bench: { concurrency: CONCURRENCY, paused: true }, open: {} });
  await engine.start();
  const client = registerWorker(engine.url, { workerName: 'producer' });
  await client.ready();
  const action = { type: 'enqueue', queue: 'bench' } as const;
  const subject = { enqueue: (payload: object) => client.trigger({ function_id: 'late', payload, action }) };
  await produce(subject, 1_000);
  const empty = await produce(subject, seconds * 1_000);
  const jobs = Array.from({ length: BATCH }, () => ({
    queue: 'bench',
    function_id: 'late',
    payload: { text: 'x'.repeat(180) },
  }));
  for (let put = 0; put < backlog; put += BATCH) {
    await enqueueBatch(client, jobs);
    if ((put / BATCH) % 100 === 99) tell(`${put + BATCH} jobs wait`);
  }
  const full = await produce(subject, seconds * 1_000);
  const memory = engine.residentBytes / 2 ** 20;
  await client.shutdown();
  await engine.kill();
  const started = performance.now();
  await engine.start();
  const worker = registerWorker(engine.url, { workerName: 'worker' });
  const first = new Promise<void>((resolve) => {
    worker.registerFunction('late', async () => resolve());
  });
  await worker.trigger({ function_id: 'iii::queue::resume', payload: { queue: 'bench' } });
  await worker.trigger({
    function_id: 'queue::define',
    payload: { queue: 'bench', config: { concurrency: CONCURRENCY } },
  });
  await first;
  const restartMs = performance.now() - started;
  await worker.shutdown();
  const [before, after] = [empty, full].map(({ enqueued, latencies }) => ({
    perSecond: enqueued.perSecond,
    p50: percentile(latencies, 50),
  }));
  const cost = (before?.perSecond ?? 0) / (after?.perSecond ?? 1);
  return [
    `enqueues/s: ${before?.perSecond.toFixed(0)} beside none, ${after?.perSecond.toFixed(0)} beside ${backlog} waiting jobs`,
    `cost of an enqueue beside them: ${verdict(cost, { atMost: 2 })}`,
    `from the start of the process to the first job: ${(restartMs / 1_000).toFixed(1)} s; ${memory.toFixed(0)} MiB resident before`,
  ].join('\n');
}

/** Processor time of an engine with many queues that have nothing to do. */
export async function benchIdle({ seconds }: QueueBenchOptions): Promise<string> {
  const queues = Object.fromEntries(Array.from({ length: IDLE_QUEUES }, (_, at) => [`queue-${at}`, {}]));
  await using engine = new QueueEngine(queues);
  await engine.start();
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const before = engine.cpuSeconds;
  const started = performance.now();
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  const share = (engine.cpuSeconds - before) / ((performance.now() - started) / 1_000);
  return `${IDLE_QUEUES} empty queues: ${(share * 100).toFixed(2)} % of a processor`;
}
