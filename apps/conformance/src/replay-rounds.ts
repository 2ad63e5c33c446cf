import { setTimeout as pause } from 'node:timers/promises';
import { type OfficialClient, registerOfficial } from './official.js';
import { TcpProxy } from './proxy.js';
import { type Draw, numbers } from './random.js';
import { ReplayingWire } from './replaying-wire.js';
import { Wire } from './wire.js';

/** Longest time in which the engine’s tables have to be right again, in milliseconds. */
export const RECOVERY_MS = 2_000;

const FUNCTIONS = Array.from({ length: 300 }, (_, n) => `cut::f${n}`);
/** Half of them have a provider, half wait for one. */
const BINDINGS = Array.from({ length: 60 }, (_, n) => ({
  id: `cut-binding-${n}`,
  type: n % 2 === 0 ? 'cut-served' : 'cut-unserved',
  functionId: `cut::f${n * 5}`,
}));
const NAME = 'cut-worker';
/** The upgrade request and the `reattach` frame fit in here. */
const REATTACHED_BYTES = 1_024;

type Tables = Readonly<Record<'functions' | 'bindings' | 'workers', readonly string[]>>;

const DESIRED: Tables = {
  functions: [...FUNCTIONS].sort(),
  bindings: BINDINGS.map(({ type, functionId }, n) =>
    [type, functionId, n, type === 'cut-served' ? 'live' : 'pending'].join(' '),
  ).sort(),
  workers: ['cut-asker', 'cut-provider', NAME],
};

export interface RoundReport {
  /** Milliseconds from the cut until every table was right. */
  readonly recoveredMs: readonly number[];
  /** What was wrong, with what it takes to have it again. */
  readonly wrong: readonly string[];
}

export interface RoundOptions {
  readonly url: string;
  readonly client: 'official' | 'wire';
  readonly rounds: number;
  readonly seed: number;
  readonly progress?: (line: string) => void;
}

/** Cuts a worker’s connection at a random byte of its replay, again and again, and looks at the engine’s tables. */
export async function cutRounds(options: RoundOptions): Promise<RoundReport> {
  const random = numbers(options.seed);
  const proxy = await TcpProxy.start(options.url, options.seed);
  const observer = await Observer.connect(options.url);
  const stopWorker = options.client === 'official' ? official(proxy.url) : raw(proxy.url, random);
  const recoveredMs: number[] = [];
  const wrong: string[] = [];
  try {
    const first = await observer.problem(performance.now() + 10_000);
    if (first !== undefined) throw new Error(`the worker never got connected: ${first}`);
    const replayBytes = proxy.upBytes;
    for (let round = 0; round < options.rounds; round++) {
      // A connection the engine does not know to be lost is only retired by a successor that gets to say so.
      const isHalfOpen = random(4) === 0;
      const kind = isHalfOpen || random(2) === 0 ? 'end' : 'reset';
      const least = isHalfOpen ? REATTACHED_BYTES : 1;
      const atByte = least + random(replayBytes - least);
      const cut = proxy.cutNext(atByte, kind);
      proxy.cut(isHalfOpen ? 'worker' : 'both');
      await cut;
      const cutAt = performance.now();
      const problem =
        (await observer.problem(cutAt + RECOVERY_MS)) ??
        (await observer.misanswered(FUNCTIONS[random(FUNCTIONS.length)] ?? '', NAME));
      if (problem === undefined) recoveredMs.push(performance.now() - cutAt);
      else
        wrong.push(
          `seed ${options.seed}, round ${round}, cut (${kind}) at byte ${atByte}${isHalfOpen ? ', half-open before' : ''}: ${problem}`,
        );
      if ((round + 1) % 20 === 0) {
        options.progress?.(`${round + 1} of ${options.rounds} rounds, ${wrong.length} wrong`);
      }
    }
  } finally {
    await stopWorker();
    observer.close();
    await proxy.stop();
  }
  return { recoveredMs, wrong };
}

function raw(url: string, random: Draw): () => void {
  const wire = new ReplayingWire(url, { name: NAME, functions: FUNCTIONS, bindings: BINDINGS }, random);
  return () => wire.stop();
}

function official(url: string): () => Promise<void> {
  const client: OfficialClient = registerOfficial(url, NAME, {
    reconnectionConfig: { initialDelayMs: 10, maxDelayMs: 100 },
  });
  for (const id of FUNCTIONS) client.registerFunction(id, async () => NAME);
  BINDINGS.forEach(({ type, functionId }, n) => {
    client.registerTrigger({ type, function_id: functionId, config: { n } });
  });
  return () => client.shutdown();
}

/** Sees the engine’s tables, and what the provider of a trigger type was told. */
class Observer {
  readonly #given = new Map<string, number>();

  private constructor(
    private readonly asker: Wire,
    private readonly provider: Wire,
  ) {
    provider.socket.on('message', () => this.#hear());
    provider.send({ type: 'registertriggertype', id: 'cut-served', description: 'cut' });
  }

  static async connect(url: string): Promise<Observer> {
    const [asker, provider] = await Promise.all([Wire.connect(url), Wire.connect(url)]);
    asker.announce({ name: 'cut-asker', pid: 1 });
    provider.announce({ name: 'cut-provider', pid: 1 });
    return new Observer(asker, provider);
  }

  close(): void {
    for (const { socket } of [this.asker, this.provider]) socket.terminate();
  }

  /** What is still wrong at the deadline; undefined as soon as nothing is. */
  async problem(deadline: number): Promise<string | undefined> {
    for (;;) {
      const problem = difference(await this.#tables()) ?? (await this.#toldWrongly());
      if (problem === undefined || performance.now() > deadline) return problem;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Whether a call goes anywhere but to the present connection. */
  async misanswered(functionId: string, expected: string): Promise<string | undefined> {
    const answer = await Promise.race([
      this.asker.call(functionId),
      pause(RECOVERY_MS, undefined, { ref: false }),
    ]);
    return answer?.result === expected ? undefined : `${functionId} answered ${JSON.stringify(answer)}`;
  }

  async #tables(): Promise<Tables> {
    const [functions, triggers, workers] = await Promise.all([
      this.#rows('engine::functions::list', { include_internal: true }),
      this.#rows('engine::registered-triggers::list', { include_pending: true, include_internal: true }),
      this.#rows('engine::workers::list', { include_all: true }),
    ]);
    return {
      functions: functions.map((row) => String(row.function_id)).filter((id) => id.startsWith('cut::')),
      bindings: triggers
        .filter((row) => String(row.trigger_type).startsWith('cut-'))
        .map(({ trigger_type, function_id, config, status }) =>
          [trigger_type, function_id, (config as { n: number }).n, status].join(' '),
        )
        .sort(),
      workers: workers
        .filter(({ runtime }) => runtime !== 'engine')
        .map(({ name, id }) => String(name ?? id))
        .sort(),
    };
  }

  async #rows(functionId: string, data: object): Promise<Array<Record<string, unknown>>> {
    const { result } = await this.asker.call(functionId, data);
    return Object.values(result as object)[0] as Array<Record<string, unknown>>;
  }

  async #toldWrongly(): Promise<string | undefined> {
    await this.provider.settled();
    const served = BINDINGS.filter(({ type }) => type === 'cut-served').length;
    const numbersGiven = new Set(this.#given.values());
    if (this.#given.size === served && numbersGiven.size === served) return undefined;
    return `the provider has ${this.#given.size} bindings, ${numbersGiven.size} of them different, not ${served}`;
  }

  #hear(): void {
    const others = [];
    for (const frame of this.provider.frames.splice(0)) {
      if (frame.type === 'registertrigger') {
        this.#given.set(String(frame.id), (frame.config as { n: number }).n);
      } else if (frame.type === 'unregistertrigger') this.#given.delete(String(frame.id));
      else others.push(frame);
    }
    this.provider.frames.push(...others);
  }
}

function difference(found: Tables): string | undefined {
  for (const table of ['functions', 'bindings', 'workers'] as const) {
    const surplus = without(found[table], DESIRED[table]);
    const missing = without(DESIRED[table], found[table]);
    const isRepeated = found[table].length !== DESIRED[table].length;
    if (surplus.length === 0 && missing.length === 0 && !isRepeated) continue;
    return (
      `${table}: ${found[table].length} instead of ${DESIRED[table].length}, ` +
      `too many: ${brief(surplus)}, missing: ${brief(missing)}`
    );
  }
  return undefined;
}

function without(a: readonly string[], b: readonly string[]): string[] {
  const known = new Set(b);
  return a.filter((entry) => !known.has(entry));
}

function brief(entries: readonly string[]): string {
  return entries.length === 0 ? 'none' : `${entries.slice(0, 3).join(', ')} (${entries.length})`;
}
