import { type Clock, parseRaw, type RawJson } from 'iii-protocol';
import { ManualClock } from 'iii-protocol/testing';
import type { RawTriggerRequest } from 'iii-sdk/link';
import { MemoryStorage, type Store } from 'iii-storage';
import { LogBook } from 'iii-testing';
import type { WorkerStores } from 'iii-worker';
import { StoreLocks } from './locks/store-locks.js';
import type { TickLocks } from './locks/tick-locks.js';
import type { Binding } from './schedule/binding.js';
import { readTrigger } from './schedule/read-trigger.js';
import { Scheduler, type SchedulerOptions } from './schedule/scheduler.js';
import { Timetables } from './time/timetables.js';

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** What a handler is called with. */
export interface Tick {
  readonly trigger: string;
  readonly job_id: string;
  readonly scheduled_time: string;
  readonly actual_time: string;
  readonly run_now?: boolean;
}

export interface Call {
  readonly functionId: string;
  readonly tick: Tick;
  readonly request: RawTriggerRequest;
}

/** Answers a call; undefined is no result. */
export type Answer = (call: Call) => Promise<RawJson | undefined> | RawJson | undefined;

export interface BenchOptions {
  readonly clock?: ManualClock;
  /** What outlives the scheduler. */
  readonly store?: Store;
  readonly answer?: Answer;
  readonly scheduler?: Partial<SchedulerOptions>;
}

/** A scheduler on a clock that stands still, and everything it calls. */
export class SchedulerBench {
  readonly calls: Call[];
  readonly log: LogBook;
  readonly #timetables = new Timetables();
  #count = 0;

  private constructor(
    readonly clock: ManualClock,
    readonly locks: TickLocks,
    readonly scheduler: Scheduler,
    shared: { readonly calls: Call[]; readonly log: LogBook },
  ) {
    this.calls = shared.calls;
    this.log = shared.log;
  }

  static async open(options: BenchOptions = {}): Promise<SchedulerBench> {
    const { clock = new ManualClock(), store = await memoryStore(), answer } = options;
    const shared = { calls: [] as Call[], log: new LogBook() };
    const locks = await locksIn(store, clock);
    const scheduler = new Scheduler({
      calls: {
        registerFunction: () => {
          throw new Error('a scheduler offers nothing');
        },
        trigger: async (request) => {
          const call = { functionId: request.function_id, tick: parseRaw(request.payload) as Tick, request };
          shared.calls.push(call);
          return answer?.(call);
        },
      },
      locks,
      clock,
      logger: shared.log,
      random: () => 0.5,
      lateMs: 5_000,
      ...options.scheduler,
    });
    return new SchedulerBench(clock, locks, scheduler, shared);
  }

  /** Schedules a function; what it is called at is {@link timesOf}. */
  async schedule(functionId: string, config: object, more: Partial<Binding> = {}): Promise<string> {
    const id = more.id ?? `trigger-${this.#count++}`;
    const binding = readTrigger(
      { id, function_id: functionId, config },
      { numbering: 'quartz', timeoutMs: DAY_MS, timetables: this.#timetables, now: this.clock.now() },
    );
    await this.scheduler.put({ ...binding, ...more });
    return id;
  }

  /** `scheduled_time` of the calls of a function, from `from` on. */
  timesOf(functionId: string): string[] {
    return this.calls
      .filter((call) => call.functionId === functionId)
      .map(({ tick }) => tick.scheduled_time.replace('+00:00', ''));
  }

  /** As when the process is killed: nothing is finished, nothing is released. */
  kill(): void {
    const never = new AbortController();
    void this.scheduler.stop(never.signal);
  }
}

export function locksIn(
  store: Store,
  clock: Clock,
  owner: string = crypto.randomUUID(),
): Promise<StoreLocks> {
  return StoreLocks.open({ store, clock, logger: new LogBook(), owner, ttlMs: 30_000 });
}

export function memoryStore(): Promise<Store> {
  return new MemoryStorage().open({ name: 'locks' });
}

/** Stores that outlive the worker they are given to. */
export async function lastingStores(): Promise<WorkerStores> {
  const store = await memoryStore();
  const kept = new Proxy(store, {
    get: (target, name) => {
      if (name === 'close') return async () => {};
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
  return { open: async () => kept, close: async () => {} };
}
