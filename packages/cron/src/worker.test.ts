import type { IIIClient } from 'iii-sdk';
import { StorageError } from 'iii-storage';
import { gate, LogBook, refusalOf, settled, TestEngine, type TestEngineOptions } from 'iii-testing';
import { readConfig } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { CronConfig } from './config.js';
import { cronErrors } from './errors.js';
import { HOUR_MS, lastingStores, MINUTE_MS, type Tick } from './test-support.js';
import { cronWorker } from './worker.js';

interface Row {
  readonly job_id: string;
  readonly function_id: string;
  readonly state: string;
  readonly next: readonly string[];
  readonly [member: string]: unknown;
}

/** An engine with the worker on a clock that stands still, and a worker with functions. */
class TestBed implements AsyncDisposable {
  private constructor(
    readonly engine: TestEngine,
    readonly log: LogBook,
    readonly app: IIIClient,
    readonly cron: Awaited<ReturnType<typeof cronWorker.start>>,
  ) {}

  static async open(config: object = {}, options: TestEngineOptions = {}): Promise<TestBed> {
    const log = new LogBook();
    const engine = new TestEngine({ log, clock: 'manual', ...options });
    const cron = await engine.start(cronWorker, config);
    return new TestBed(engine, log, await engine.client('app'), cron);
  }

  async schedule(functionId: string, config: unknown, metadata?: Record<string, unknown>) {
    const trigger = this.app.registerTrigger({
      type: 'cron',
      function_id: functionId,
      config,
      ...(metadata === undefined ? {} : { metadata }),
    });
    await this.told();
    return trigger;
  }

  /** Time passes, and what it causes happens. */
  async pass(ms: number): Promise<void> {
    await this.engine.clock.advanceAsync(ms);
    for (let n = 0; n < 5; n++) await settled();
  }

  async told(): Promise<void> {
    await this.app.trigger({ function_id: 'engine::triggers::list' });
    for (let n = 0; n < 3; n++) await settled();
  }

  call<T = unknown>(function_id: string, payload: unknown = {}): Promise<T> {
    return this.app.trigger<unknown, T>({ function_id, payload });
  }

  async rows(): Promise<readonly Row[]> {
    return (await this.call<{ jobs: readonly Row[] }>('cron::list')).jobs;
  }

  /** The reason a trigger is refused for, or undefined when it is not. */
  refusal(config: unknown): Promise<string | undefined> {
    return refusalOf(this.app, 'cron', config);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.engine.close();
  }
}

describe('a cron trigger', () => {
  it('calls its function with the time and the metadata', async () => {
    await using bed = await TestBed.open();
    const calls: unknown[] = [];
    bed.app.registerFunction('f', (tick: Tick, metadata) => void calls.push([tick.scheduled_time, metadata]));
    await bed.schedule('f', { expression: '0 0 9 * * *', timezone: 'Europe/Berlin' }, { tenant: 7 });
    await bed.pass(24 * HOUR_MS);
    expect(calls).toEqual([['2026-01-01T08:00:00+00:00', { tenant: 7 }]]);
  });

  it('ends with its worker', async () => {
    await using bed = await TestBed.open();
    const other = await bed.engine.client('other');
    other.registerTrigger({ type: 'cron', function_id: 'f', config: { expression: '* * * * * *' } });
    await other.trigger({ function_id: 'engine::triggers::list' });
    await settled();
    expect(await bed.rows()).toHaveLength(1);
    await other.shutdown();
    await bed.told();
    expect(await bed.rows()).toEqual([]);
    await bed.pass(MINUTE_MS);
    expect(bed.log.messages('error')).toEqual([]);
  });

  it('whose function hangs is told to stop when its time is up, and called again', async () => {
    await using bed = await TestBed.open();
    const begun: string[] = [];
    const stopped: unknown[] = [];
    bed.app.registerFunction('f', (tick: Tick, _, { signal }) => {
      begun.push(tick.scheduled_time.slice(11, 19));
      return new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          stopped.push((signal.reason as { code: string }).code);
          reject(signal.reason);
        });
      });
    });
    await bed.schedule('f', { expression: '0 * * * * *', timeout_ms: 90_000 });
    await bed.pass(MINUTE_MS);
    expect(begun).toEqual(['00:01:00']);
    await bed.pass(MINUTE_MS);
    expect([begun.length, stopped]).toEqual([1, []]);
    await bed.pass(MINUTE_MS);
    expect([begun, stopped]).toEqual([['00:01:00', '00:03:00'], ['CANCELLED']]);
    expect(bed.log.messages('error')[0]).toContain('failed: invocation timed out after 90000ms');
    // The one that is at work now, which stopping would wait for.
    await bed.app.shutdown();
  });

  it.each([
    [{}, 'the expression is missing: expression is required'],
    [null, 'expression is required'],
    [{ expression: '' }, 'the expression is "": expression is required'],
    [{ expression: '  ' }, 'expression is required'],
    [{ expression: 5 }, 'the expression is 5: expression is required'],
    [{ expression: '* * *' }, 'expression "* * *": it has 3 fields'],
    [{ expression: '0 0 0 30 2 *' }, 'expression "0 0 0 30 2 *": check day and month'],
    [{ expression: '0 0 0 1 1 * 2001' }, 'expression "0 0 0 1 1 * 2001"'],
    [{ expression: '@daily', timezone: 'Mars/Olympus' }, 'the time zone is "Mars/Olympus"'],
    [{ expression: '@daily', timezone: 5 }, 'timezone: expected a non-empty string, not 5'],
    [{ expression: '@daily', overlap: 'allow' }, 'overlap: expected "skip" or "queue", not "allow"'],
    [{ expression: '@daily', catch_up: 'all' }, 'catch_up: expected "none" or "last", not "all"'],
    [{ expression: '@daily', timeout_ms: 0 }, 'timeout_ms: expected an integer from 1 to 2147483647, not 0'],
    [{ expression: '@daily', jitter_ms: 3_600_001 }, 'jitter_ms: expected an integer from 0 to 3600000'],
    [{ expression: '@daily', jitter_ms: '5' }, 'jitter_ms: expected an integer'],
    [{ expression: '@daily', key: '' }, 'key: expected a non-empty string, not ""'],
  ])('with the config %j is refused', async (config, reason) => {
    await using bed = await TestBed.open();
    const message = (await bed.refusal(config)) ?? 'accepted';
    expect(message).toContain(reason);
    expect(message).not.toContain('\n');
    expect(await bed.rows()).toEqual([]);
  });

  it('ignores what it does not know, a condition that is no text, and members that are null', async () => {
    await using bed = await TestBed.open();
    const config = { expression: '@daily', condition_function_id: 5, timezone: null, key: null, other: 1 };
    expect(await bed.refusal(config)).toBeUndefined();
    expect(await bed.rows()).toMatchObject([{ timezone: 'UTC', state: 'waiting' }]);
  });

  it('with numbers for days of the week is told how they are read', async () => {
    await using bed = await TestBed.open();
    await bed.schedule('f', { expression: '0 0 9 * * 1' });
    expect(bed.log.messages('warn')).toEqual([expect.stringContaining('1 is Sunday, 7 is Saturday')]);
    // The first of January 2026 is a Thursday.
    expect((await bed.rows())[0]?.next[0]).toBe('2026-01-04T09:00:00+00:00');
  });

  it('has them read the other way where that is configured', async () => {
    await using bed = await TestBed.open({ dow_numbering: 'unix' });
    await bed.schedule('f', { expression: '0 0 9 * * 1' });
    expect(bed.log.messages('warn')).toEqual([expect.stringContaining('0 and 7 are Sunday, 1 is Monday')]);
    expect((await bed.rows())[0]?.next[0]).toBe('2026-01-05T09:00:00+00:00');
  });
});

describe('cron::list', () => {
  it('tells when each is due, what it did, and how it is set', async () => {
    await using bed = await TestBed.open();
    bed.app.registerFunction('f', () => {
      throw new Error('no luck');
    });
    await bed.schedule('f', { expression: '0 0 * * * *', jitter_ms: 10 });
    await bed.pass(HOUR_MS + 1_000);
    const result = await bed.call('cron::list');
    expect(result).toMatchObject({
      total: 1,
      jobs: [
        {
          function_id: 'f',
          namespace: 'default',
          expression: '0 0 * * * *',
          timezone: 'UTC',
          state: 'waiting',
          next: ['02', '03', '04', '05', '06'].map((hour) => `2026-01-01T${hour}:00:00+00:00`),
          running_since: null,
          last_run: {
            scheduled_time: '2026-01-01T01:00:00+00:00',
            outcome: 'failed',
            error: { code: 'invocation_failed', message: 'no luck' },
          },
          triggers: 1,
          catch_up: 'none',
          overlap: 'skip',
          timeout_ms: 86_400_000,
          jitter_ms: 10,
          queued: 0,
          skipped: 0,
          missed: 0,
          failed: 1,
        },
      ],
    });
  });

  it('can be limited, and asked for one function', async () => {
    await using bed = await TestBed.open();
    for (const name of ['a', 'b', 'b'])
      await bed.schedule(name, { expression: '@daily', key: crypto.randomUUID() });
    expect(await bed.call('cron::list', { limit: 1 })).toMatchObject({ total: 3, jobs: { length: 1 } });
    expect(await bed.call('cron::list', { function_id: 'b' })).toMatchObject({
      total: 2,
      jobs: { length: 2 },
    });
    await expect(bed.call('cron::list', { limit: 0 })).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      message: expect.stringContaining(
        'cron::list: limit: expected an integer from 1 to 10000, not 0',
      ) as string,
    });
  });
});

describe('cron::run_now, cron::pause and cron::resume', () => {
  it('find a schedule by its trigger, or by a function that has no other', async () => {
    await using bed = await TestBed.open();
    bed.app.registerFunction('f', () => null);
    await bed.schedule('f', { expression: '@daily' });
    const [row] = await bed.rows();
    const job_id = row?.job_id;
    expect(await bed.call('cron::run_now', { job_id })).toEqual({ job_id, started: true });
    await bed.told();
    expect(await bed.call('cron::run_now', { job_id: 'f' })).toEqual({ job_id, started: true });
    await bed.schedule('f', { expression: '@hourly' });
    await expect(bed.call('cron::pause', { job_id: 'f' })).rejects.toMatchObject({
      code: 'JOB_AMBIGUOUS',
      message: expect.stringContaining(`f is called by 2 schedules (${job_id}, `) as string,
    });
    await expect(bed.call('cron::resume', { job_id: 'g' })).rejects.toMatchObject({ code: 'JOB_NOT_FOUND' });
    await expect(bed.call('cron::resume')).rejects.toMatchObject({ code: 'INVALID_INPUT' });
  });

  it('have one at once, which says so, beside its times and not beside itself', async () => {
    await using bed = await TestBed.open();
    const ticks: Tick[] = [];
    const end = gate();
    bed.app.registerFunction('f', (tick: Tick) => {
      ticks.push(tick);
      return end.opened;
    });
    await bed.schedule('f', { expression: '0 * * * * *', overlap: 'queue' });
    await bed.pass(30_500);
    await bed.call('cron::run_now', { job_id: 'f' });
    await bed.told();
    expect(ticks).toMatchObject([
      { trigger: 'cron', scheduled_time: '2026-01-01T00:00:30+00:00', run_now: true },
    ]);
    await expect(bed.call('cron::run_now', { job_id: 'f' })).rejects.toMatchObject({ code: 'JOB_RUNNING' });
    expect(await bed.rows()).toMatchObject([
      { state: 'running', running_since: '2026-01-01T00:00:30.500+00:00' },
    ]);
    await bed.pass(MINUTE_MS);
    expect(ticks).toHaveLength(1);
    end.open();
    await bed.told();
    expect(ticks[1]).toMatchObject({ scheduled_time: '2026-01-01T00:01:00+00:00' });
    expect(ticks[1]).not.toHaveProperty('run_now');
  });

  it('have it no more, and again', async () => {
    await using bed = await TestBed.open();
    const times: string[] = [];
    bed.app.registerFunction('f', (tick: Tick) => void times.push(tick.scheduled_time.slice(11, 16)));
    await bed.schedule('f', { expression: '0 * * * * *' });
    expect(await bed.call('cron::pause', { job_id: 'f' })).toMatchObject({ state: 'paused' });
    await bed.pass(10 * MINUTE_MS);
    expect(await bed.call('cron::resume', { job_id: 'f' })).toMatchObject({ state: 'waiting' });
    await bed.pass(MINUTE_MS);
    expect(times).toEqual(['00:11']);
  });
});

describe('the worker', () => {
  it('goes on after it was replaced, with what its triggers and its store say', async () => {
    const stores = await lastingStores();
    await using bed = await TestBed.open({}, { storage: () => stores });
    const times: string[] = [];
    bed.app.registerFunction('f', (tick: Tick) => void times.push(tick.scheduled_time.slice(11, 16)));
    await bed.schedule('f', { expression: '0 */10 * * * *', catch_up: 'last' });
    await bed.pass(25 * MINUTE_MS);
    await bed.cron.stop();
    await bed.pass(30 * MINUTE_MS);
    await bed.engine.start(cronWorker);
    await bed.told();
    await bed.pass(10 * MINUTE_MS);
    expect(times).toEqual(['00:10', '00:20', '00:50', '01:00']);
  });

  it('does not start without its store, and says why', async () => {
    const locked = new StorageError('DIRECTORY_LOCKED', 'the data directory /d is used by another engine');
    await using engine = new TestEngine({
      storage: () => ({ open: () => Promise.reject(locked), close: async () => {} }),
    });
    await expect(engine.start(cronWorker)).rejects.toBe(locked);
    const client = await engine.client();
    await expect(client.trigger({ function_id: 'cron::list' })).rejects.toMatchObject({
      code: 'function_not_found',
    });
  });

  it.each([
    [{}, { durability: 'fsync' }],
    [{ durability: 'commit' }, { location: 'data', durability: 'commit' }],
    [{ adapter: null }, { location: 'data', name: 'cron_locks' }],
    [{ adapter: { name: 'kv' } }, { location: 'data' }],
    [{ adapter: { name: 'kv', config: { store_method: 'in_memory' } } }, { location: 'memory' }],
    [
      { adapter: { name: 'kv', config: { store_method: 'file_based', file_path: './x', lock_index: 'i' } } },
      { location: { directory: './x' }, name: 'i' },
    ],
  ])('configured as %j opens %j', async (config, expected) => {
    const stores = await lastingStores();
    const opened: unknown[] = [];
    const storage = () => ({
      ...stores,
      open: (options?: object) => {
        opened.push(options);
        return stores.open();
      },
    });
    await using _ = await TestBed.open(config, { storage });
    expect(opened).toMatchObject([expected]);
  });

  it.each([
    [{ adapter: { name: 'does-not-exist' } }, /adapter/],
    [{ adapter: { name: 'kv', stray: 1 } }, /adapter/],
    [{ adapter: { name: 'kv', config: { store_method: 'bad' } } }, /adapter/],
    [{ adapter: { name: 'kv', config: { lock_ttl_ms: 0 } } }, /adapter/],
    [{ adapter: { name: 'redis', config: { lock_ttl_ms: 5_000 } } }, /adapter/],
    [{ dow_numbering: 'iso' }, /dow_numbering: expected "quartz" or "unix", not "iso"/],
    [{ unknown: 1 }, /unknown: is not known/],
  ])('does not take the configuration %j', (given, reason) => {
    expect(() => readConfig('iii-cron', CronConfig, given)).toThrow(reason);
  });

  it('has a hint for every error', () => {
    for (const { meaning, hint } of Object.values(cronErrors)) expect([meaning, hint]).not.toContain('');
  });
});
