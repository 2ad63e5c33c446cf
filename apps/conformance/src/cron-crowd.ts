import { setTimeout as pause } from 'node:timers/promises';
import type { EngineProcess } from './engine-process.js';
import { Wire } from './wire.js';

export const CRON = 'workers: [{ name: iii-worker-manager, config: { port: 0 } }, { name: iii-cron }]\n';

export interface CronCrowdReport {
  /** Milliseconds from the first schedule that is registered until all of them are there. */
  readonly readyMs: number;
  /** Milliseconds of a processor the engine takes for that. */
  readonly readyCpuMs: number;
  /** Share of one processor the engine takes while nothing is due. */
  readonly idleCpu: number;
  /** Milliseconds from its time until an occurrence is begun, and until its handler has it. */
  readonly begunMs: readonly number[];
  readonly arrivedMs: readonly number[];
  /** Occurrences that were lost, and that were had more than once. */
  readonly lost: number;
  readonly doubled: number;
}

export interface CronCrowdOptions {
  /** Each has an expression of its own. */
  readonly schedules: number;
  readonly idleMs: number;
  readonly busyMs: number;
  readonly progress?: (line: string) => void;
}

const FAR = 'crowd::far';
const SOON = 'crowd::soon';
const MINUTE_S = 60;
/** Registrations that leave in one piece. */
const AT_ONCE = 100;

/** What many schedules cost while nothing is due, and how late they are when a part of them is every second. */
export async function cronCrowd(engine: EngineProcess, options: CronCrowdOptions): Promise<CronCrowdReport> {
  const { schedules, idleMs, busyMs, progress = () => {} } = options;
  const [wire, asker] = [await Wire.connect(engine.url), await Wire.connect(engine.url)];
  const bind = (functionId: string, expression: (n: number) => string) =>
    bindAll({ wire, asker, count: schedules, functionId, expression });
  try {
    wire.announce({ name: 'cron-crowd', pid: 1 }).offer(FAR).offer(SOON);
    await wire.settled();
    const nextYear = new Date().getUTCFullYear() + 1;
    // Far away, and no two alike.
    const unbound = engine.cpuSeconds;
    const readyMs = await bind(FAR, (n) => {
      const [second, minute, hour] = [n % 60, Math.floor(n / 60) % 60, Math.floor(n / 3_600) % 24];
      return `${second} ${minute} ${hour} 1 1 * ${nextYear + 1}`;
    });
    const readyCpuMs = (engine.cpuSeconds - unbound) * 1_000;
    progress(`${schedules} schedules in ${readyMs.toFixed(0)} ms`);
    await pause(2_000);
    const before = engine.cpuSeconds;
    await pause(idleMs);
    const idleCpu = (engine.cpuSeconds - before) / (idleMs / 1_000);
    progress(`idle: ${(idleCpu * 100).toFixed(2)} % of a processor`);
    wire.texts.length = 0;
    const ticks = listen(wire);
    // Once a minute each, the years making them differ.
    await bind(SOON, (n) => `${n % MINUTE_S} * * * * * ${nextYear - 1}-${nextYear + (n % 70)}`);
    // Behind the second at work now, up to the one before the last.
    const [from, until] = [secondNow() + 2, secondNow() + Math.floor(busyMs / 1_000)];
    await pause(busyMs + 1_500);
    return { readyMs, readyCpuMs, idleCpu, ...judge(ticks, schedules, from, until) };
  } finally {
    for (const { socket } of [wire, asker]) socket.terminate();
  }
}

interface Binding {
  readonly wire: Wire;
  readonly asker: Wire;
  readonly count: number;
  readonly functionId: string;
  readonly expression: (n: number) => string;
}

/** Registers schedules, in place of those before; resolves with how long it took until all were there. */
async function bindAll({ wire, asker, count, functionId, expression }: Binding): Promise<number> {
  const started = performance.now();
  for (let first = 0; first < count; first += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, count - first) }, (_, at) => first + at);
    wire.sendTogether(
      some.map((n) => ({
        type: 'registertrigger',
        id: `00000000-0000-4000-8000-${n.toString(16).padStart(12, '0')}`,
        trigger_type: 'cron',
        function_id: functionId,
        config: { expression: expression(n) },
        // Of those that are due alike, each is a schedule of its own.
        metadata: { n },
      })),
    );
  }
  for (;;) {
    const { result } = await asker.call('cron::list', { function_id: functionId, limit: 1 });
    if ((result as { total: number }).total === count) return performance.now() - started;
    await pause(5);
  }
}

interface Tick {
  readonly job: number;
  readonly second: number;
  readonly begunMs: number;
  readonly arrivedMs: number;
}

/** Notes every call, and answers those of one turn in one piece: what comes next is not kept waiting for that. */
function listen(wire: Wire): Tick[] {
  const ticks: Tick[] = [];
  let answers: object[] = [];
  const answer = () => {
    wire.sendTogether(answers);
    answers = [];
  };
  wire.socket.on('message', () => {
    for (const frame of wire.frames.splice(0)) {
      if (frame.type !== 'invokefunction') continue;
      const data = frame.data as { job_id: string; scheduled_time: string; actual_time: string };
      const due = Date.parse(data.scheduled_time);
      ticks.push({
        job: Number.parseInt(data.job_id.slice(-12), 16),
        second: due / 1_000,
        begunMs: Date.parse(data.actual_time) - due,
        arrivedMs: Date.now() - due,
      });
      if (answers.length === 0) setImmediate(answer);
      const { invocation_id, function_id } = frame;
      answers.push({ type: 'invocationresult', invocation_id, function_id });
    }
    wire.texts.length = 0;
  });
  return ticks;
}

function judge(ticks: readonly Tick[], schedules: number, from: number, until: number) {
  const within = ticks.filter(({ second }) => second >= from && second < until);
  const times = new Map<string, number>();
  for (const { job, second } of within) {
    const key = `${job} ${second}`;
    times.set(key, (times.get(key) ?? 0) + 1);
  }
  let expected = 0;
  for (let second = from; second < until; second++) {
    for (let job = second % MINUTE_S; job < schedules; job += MINUTE_S) expected++;
  }
  return {
    begunMs: within.map(({ begunMs }) => begunMs),
    arrivedMs: within.map(({ arrivedMs }) => arrivedMs),
    lost: expected - times.size,
    doubled: [...times.values()].filter((count) => count > 1).length,
  };
}

function secondNow(): number {
  return Math.floor(Date.now() / 1_000);
}
