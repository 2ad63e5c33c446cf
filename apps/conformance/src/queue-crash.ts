import { setTimeout as pause } from 'node:timers/promises';
import { DurableEngine } from './durable-engine.js';
import { type OfficialClient, registerOfficial } from './official.js';
import { numbers } from './random.js';

const QUEUES = `
  - name: iii-queue
    config:
      queue_configs:
        plain: { concurrency: 10, backoff_ms: 10 }
        groups: { type: fifo, message_group_field: g, concurrency: 10, backoff_ms: 10 }
`;
const GROUPS = 8;
const PRODUCERS = 8;
const CALL_MS = 5_000;
const READ_MS = 100;

export interface CrashOptions {
  /** Kills of the engine. */
  readonly cycles: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

export interface CrashReport {
  readonly kills: number;
  /** Jobs whose receipt was had. */
  readonly accepted: number;
  /** Jobs whose receipt was lost with the engine: they may run, or not. */
  readonly unknown: number;
  readonly executed: number;
  /** Accepted jobs that never ran; should be none. */
  readonly lost: readonly string[];
  /** Runs of a job beyond its first. */
  readonly duplicates: number;
  /** Runs beyond the first with no kill in between; should be none. */
  readonly unexplained: readonly string[];
  /** Jobs that ran after a later one of their group had started; should be none. */
  readonly disordered: readonly string[];
  readonly deadLetters: number;
}

interface Job {
  readonly id: string;
  readonly g?: string;
  readonly n?: number;
}

/** Kills the engine again and again while jobs are handed in and run, and looks at what became of them. */
export async function crashQueues({ cycles, seed, progress }: CrashOptions): Promise<CrashReport> {
  const draw = numbers(seed);
  await using engine = new DurableEngine(QUEUES);
  await engine.start();
  const load = new Load(draw);
  const worker = registerOfficial(engine.url, 'crash-worker');
  const caller = registerOfficial(engine.url, 'crash-caller');
  try {
    worker.registerFunction('crash::work', (job: Job) => load.run(job));
    load.start(caller);
    for (let cycle = 1; cycle <= cycles; cycle++) {
      await load.moved(draw(40) + 5);
      await pause(draw(60));
      await engine.kill();
      // What it had sent lies with this process already, and belongs to the life that has ended: read it first.
      await pause(READ_MS);
      load.killed();
      await engine.start();
      if (cycle % 25 === 0) progress?.(`${cycle} kills, ${load.accepted.size} jobs accepted`);
    }
    await load.moved(20);
    await load.stop();
    await drained(caller);
    const deadLetters = await deadOf(caller);
    return load.report(cycles, deadLetters);
  } finally {
    await Promise.all([worker.shutdown(), caller.shutdown()]);
  }
}

/** Producers and the handler, and what they have seen. */
class Load {
  readonly accepted = new Set<string>();
  readonly #runs = new Map<string, number[]>();
  readonly #latest = new Map<string, number>();
  readonly #disordered: string[] = [];
  readonly #unexplained: string[] = [];
  #unknown = 0;
  #life = 0;
  #isOver = false;
  #kill: () => void = () => {};
  #killed = this.#nextKill();
  #producers: Array<Promise<void>> = [];
  #waiting: Array<{ readonly until: number; readonly resolve: () => void }> = [];

  constructor(private readonly draw: (below: number) => number) {}

  async run({ id, g, n }: Job): Promise<void> {
    const runs = this.#runs.get(id) ?? [];
    if (runs.includes(this.#life)) this.#unexplained.push(id);
    this.#runs.set(id, [...runs, this.#life]);
    if (g !== undefined && n !== undefined) {
      const latest = this.#latest.get(g) ?? -1;
      if (n < latest) this.#disordered.push(`${id} after ${g}-${latest}`);
      this.#latest.set(g, Math.max(n, latest));
    }
    await pause(this.draw(4));
  }

  start(caller: OfficialClient): void {
    const groups = Array.from({ length: GROUPS }, (_, at) => this.#produce(caller, `g${at}`));
    const plain = Array.from({ length: PRODUCERS }, (_, at) => this.#produce(caller, undefined, `p${at}`));
    this.#producers = [...groups, ...plain];
  }

  killed(): void {
    this.#life++;
    this.#kill();
    this.#killed = this.#nextKill();
  }

  /** Resolves when so many more jobs have been accepted. */
  async moved(jobs: number): Promise<void> {
    const until = this.accepted.size + jobs;
    await new Promise<void>((resolve) => this.#waiting.push({ until, resolve }));
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#producers);
  }

  report(kills: number, deadLetters: number): CrashReport {
    const runs = [...this.#runs.values()];
    return {
      kills,
      accepted: this.accepted.size,
      unknown: this.#unknown,
      executed: this.#runs.size,
      lost: [...this.accepted].filter((id) => !this.#runs.has(id)),
      duplicates: runs.reduce((sum, one) => sum + one.length - 1, 0),
      unexplained: this.#unexplained,
      disordered: this.#disordered,
      deadLetters,
    };
  }

  /** Hands in one job after the other. */
  async #produce(caller: OfficialClient, g: string | undefined, name = g): Promise<void> {
    for (let n = 0; !this.#isOver; n++) {
      const id = `${name}-${n}`;
      const payload: Job = g === undefined ? { id } : { id, g, n };
      const action = { type: 'enqueue', queue: g === undefined ? 'plain' : 'groups' } as const;
      const receipt = caller
        .trigger({ function_id: 'crash::work', payload, action, timeoutMs: CALL_MS })
        .then(
          () => this.accepted.add(id),
          () => undefined,
        );
      // Whoever waits for an engine that has been killed waits in vain.
      const outcome = await Promise.race([receipt, this.#killed]);
      if (outcome === undefined) this.#unknown++;
      const ready = this.#waiting.filter(({ until }) => until <= this.accepted.size);
      this.#waiting = this.#waiting.filter(({ until }) => until > this.accepted.size);
      for (const { resolve } of ready) resolve();
    }
  }

  #nextKill(): Promise<undefined> {
    return new Promise((resolve) => {
      this.#kill = () => resolve(undefined);
    });
  }
}

async function drained(caller: OfficialClient): Promise<void> {
  for (const topic of ['plain', 'groups']) {
    for (;;) {
      const stats = await caller.trigger<object, { depth: number }>({
        function_id: 'engine::queue::topic_stats',
        payload: { topic },
      });
      if (stats.depth === 0) break;
      await pause(20);
    }
  }
}

async function deadOf(caller: OfficialClient): Promise<number> {
  const rows = await caller.trigger<object, Array<{ message_count: number }>>({
    function_id: 'engine::queue::dlq_topics',
    payload: {},
  });
  return rows.reduce((sum, { message_count }) => sum + message_count, 0);
}
