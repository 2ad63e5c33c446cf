import { setTimeout as pause } from 'node:timers/promises';
import { type OfficialClient, offered, registerOfficial } from './official.js';
import { numbers } from './random.js';

const FUNCTION = 'fifo::work';
const PRODUCERS = 10;
/** One attempt in so many fails. */
const FAILS_ONE_IN = 6;
const WORK_MS = 3;

export interface FifoOptions {
  readonly url: string;
  /** Name of the queue; it is defined, and must be empty. */
  readonly queue: string;
  readonly groups: number;
  /** Of each group. */
  readonly jobs: number;
  readonly concurrency: number;
  readonly seed: number;
}

export interface FifoReport {
  /** Jobs that came to their end. */
  readonly done: number;
  /** Attempts that failed on purpose. */
  readonly failures: number;
  /** Attempts that were not for the next job of their group; should be none. */
  readonly disordered: readonly string[];
  /** Attempts that began while another of their group was at work; should be none. */
  readonly overlapping: readonly string[];
  /** Attempts under another number than one more than had failed; should be none. */
  readonly misnumbered: readonly string[];
  /** Groups that were at work at the same time, at most. */
  readonly mostAtOnce: number;
  readonly deadLetters: number;
  readonly seconds: number;
}

interface Job {
  readonly g: string;
  readonly n: number;
}

/**
 * Hands in the jobs of many groups over several connections, all at once, and fails many of their attempts. It comes to
 * an end only if as many groups as may be are at work together: the first ones wait for each other.
 */
export async function runGroups(options: FifoOptions): Promise<FifoReport> {
  const { url, queue, groups, jobs, concurrency, seed } = options;
  const worker = registerOfficial(url, 'fifo-worker');
  const callers = Array.from({ length: PRODUCERS }, (_, at) => registerOfficial(url, `fifo-caller-${at}`));
  const order = new Order(numbers(seed), Math.min(concurrency, groups), groups * jobs);
  try {
    const config = { type: 'fifo', message_group_field: 'g', concurrency, max_retries: 1_000, backoff_ms: 2 };
    await worker.trigger({ function_id: 'queue::define', payload: { queue, config } });
    worker.registerFunction(FUNCTION, (job: Job, metadata: unknown) => order.run(job, attemptOf(metadata)));
    await offered(worker, FUNCTION);
    const started = performance.now();
    const names = Array.from({ length: groups }, (_, at) => `g${at}`);
    await Promise.all(
      names.map(async (g, at) => {
        const caller = callers[at % PRODUCERS] as OfficialClient;
        const action = { type: 'enqueue', queue } as const;
        const receipts = Array.from({ length: jobs }, (_, n) =>
          caller.trigger({ function_id: FUNCTION, payload: { g, n }, action }),
        );
        await Promise.all(receipts);
      }),
    );
    await order.finished;
    const seconds = (performance.now() - started) / 1_000;
    const { dlq_depth } = await worker.trigger<object, { dlq_depth: number }>({
      function_id: 'engine::queue::topic_stats',
      payload: { topic: queue },
    });
    return { ...order.report(), deadLetters: dlq_depth, seconds: Math.round(seconds * 10) / 10 };
  } finally {
    await Promise.all([worker, ...callers].map((client) => client.shutdown()));
  }
}

/** The handler, and what it has seen of the order. */
class Order {
  /** Next job of each group. */
  readonly #next = new Map<string, number>();
  readonly #failed = new Map<string, number>();
  readonly #atWork = new Set<string>();
  readonly #disordered: string[] = [];
  readonly #overlapping: string[] = [];
  readonly #misnumbered: string[] = [];
  #mostAtOnce = 0;
  #done = 0;
  #failures = 0;
  #together: () => void = () => {};
  readonly #allTogether = new Promise<void>((resolve) => {
    this.#together = resolve;
  });
  #finish: () => void = () => {};
  readonly finished = new Promise<void>((resolve) => {
    this.#finish = resolve;
  });

  constructor(
    private readonly draw: (below: number) => number,
    private readonly together: number,
    private readonly total: number,
  ) {}

  async run({ g, n }: Job, attempt: number): Promise<void> {
    const id = `${g}:${n}`;
    if (this.#atWork.has(g)) this.#overlapping.push(id);
    this.#atWork.add(g);
    this.#mostAtOnce = Math.max(this.#mostAtOnce, this.#atWork.size);
    if (this.#atWork.size === this.together) this.#together();
    const next = this.#next.get(g) ?? 0;
    if (n !== next) this.#disordered.push(`${id} instead of ${g}:${next}`);
    const failed = this.#failed.get(id) ?? 0;
    if (attempt !== failed + 1) this.#misnumbered.push(`${id}: ${attempt} after ${failed} failures`);
    await this.#allTogether;
    await pause(this.draw(WORK_MS));
    this.#atWork.delete(g);
    if (this.draw(FAILS_ONE_IN) === 0) {
      this.#failed.set(id, failed + 1);
      this.#failures++;
      throw new Error('drawn');
    }
    this.#next.set(g, n + 1);
    if (++this.#done === this.total) this.#finish();
  }

  report() {
    return {
      done: this.#done,
      failures: this.#failures,
      disordered: this.#disordered,
      overlapping: this.#overlapping,
      misnumbered: this.#misnumbered,
      mostAtOnce: this.#mostAtOnce,
    };
  }
}

function attemptOf(metadata: unknown): number {
  return (metadata as { 'iii.queue': { attempt: number } })['iii.queue'].attempt;
}
