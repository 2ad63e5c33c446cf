import { expect } from 'vitest';
import { type OfficialClient, offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';
import type { Wire } from './wire.js';

interface Tick {
  readonly trigger: string;
  readonly job_id: string;
  readonly scheduled_time: string;
  readonly actual_time: string;
}

interface Job {
  readonly job_id: string;
  readonly function_id: string;
  readonly next: readonly string[];
}

const EVERY_SECOND = '* * * * * *';

async function jobsOf(client: OfficialClient): Promise<readonly Job[]> {
  const { jobs } = await client.trigger<object, { jobs: readonly Job[] }>({
    function_id: 'cron::list',
    payload: {},
  });
  return jobs;
}

/** Resolves with the schedules once there are so many. */
async function scheduled(client: OfficialClient, count: number): Promise<readonly Job[]> {
  for (;;) {
    const jobs = await jobsOf(client);
    if (jobs.length === count) return jobs;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Ticks of a function that is bound to an expression, until there are so many. */
async function ticks(
  client: OfficialClient,
  functionId: string,
  config: object,
  count: number,
): Promise<Tick[]> {
  const found: Tick[] = [];
  await new Promise<void>((resolve) => {
    client.registerFunction(functionId, async (tick: Tick) => {
      found.push(tick);
      if (found.length === count) resolve();
    });
    client.registerTrigger({ type: 'cron', function_id: functionId, config });
  });
  return found;
}

/** The times a function is called for, and a way to wait for so many of them. */
class Times {
  readonly seen: string[] = [];
  #awaited: Array<() => void> = [];

  readonly note = async ({ scheduled_time }: Tick): Promise<void> => {
    this.seen.push(scheduled_time);
    for (const resolve of this.#awaited.splice(0)) resolve();
  };

  async filled(count: number): Promise<readonly string[]> {
    while (this.seen.length < count) await new Promise<void>((resolve) => this.#awaited.push(resolve));
    return this.seen;
  }
}

/** Why an expression is refused, or undefined when it is taken. */
async function refusal(wire: Wire, config: object): Promise<string | undefined> {
  const id = crypto.randomUUID();
  const data = { trigger_type: 'cron', function_id: 'f', config };
  const { error, result } = await wire.call('engine::register_trigger', data);
  if (error !== undefined) return (error as { message: string }).message;
  await wire.call('engine::unregister_trigger', { id: (result as { id: string }).id ?? id });
  return undefined;
}

/** §6.5, and what becomes of each: the beginning of the next occurrence after now, a reason, or anything. */
const ACCEPTED = [
  ...['* * * * * *', '0 */5 * * * *', '0 0 0 * * 1', '0 0 9 * * MON-FRI', '0 0 9 13 * FRI', '0 0 0 ? * *'],
  ...['0 0 0 1 1 * 2100', '@daily', ' @hourly ', '0 10/20 * * * *', '0 0,30 0,6,12,18 1,15 Jan-March Thurs'],
  ...['0 0 0 * * MON-FRI/2'],
  // Beyond what is asked for.
  ...['*/5 * * * *', '0 0 0 * * 0'],
];

const REFUSED: ReadonlyArray<readonly [expression: unknown, reason: string]> = [
  ['? 0 0 * * *', 'second'],
  ['0 0 0 1 1 * 2101', 'year'],
  ['0 0 0 1 1 * 2001', 'check day and month together, and the year'],
  ['60 * * * * *', 'second, column 1'],
  ['*/60 * * * * *', 'second, column 3'],
  ['*/0 * * * * *', 'second, column 3'],
  ['5-1 * * * * *', 'second, column 1'],
  ['@midnight', '@midnight'],
  ['@Daily', '@Daily'],
  ['', 'required'],
  [undefined, 'required'],
  [5, 'required'],
  ['0 0 0 * * MON/2', 'day-of-week, column 11'],
];

await onBothDrivers(
  'schedules of official clients',
  (bench, check) => {
    check('§6.5.1: are had every second, with the payload that is described', async () => {
      const client = bench.official('cron');
      const found = await ticks(client, 'every::second', { expression: EVERY_SECOND }, 3);
      const times = found.map(({ scheduled_time }) => Date.parse(scheduled_time));
      expect(times.map((time) => time - (times[0] ?? 0))).toEqual([0, 1_000, 2_000]);
      for (const tick of found) {
        expect(tick).toEqual({
          trigger: 'cron',
          job_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          scheduled_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/) as string,
          actual_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00$/) as string,
        });
        expect(Date.parse(tick.actual_time)).toBeGreaterThanOrEqual(Date.parse(tick.scheduled_time));
      }
    });

    check('§6.5: are taken where the dialect has them', async () => {
      const wire = await bench.worker('wire');
      for (const expression of ACCEPTED) {
        expect([expression, await refusal(wire, { expression })]).toEqual([expression, undefined]);
      }
    });

    check('§6.5: are refused where it does not, with a reason of one line', async () => {
      const wire = await bench.worker('wire');
      for (const [expression, reason] of REFUSED) {
        const message = await refusal(wire, { expression });
        expect([expression, message]).toEqual([expression, expect.stringContaining(reason)]);
        expect(message).not.toContain('\n');
      }
    });

    check('§6.5.5, 6, 7, 9, 15: are due when the dialect says', async () => {
      const client = bench.official('cron');
      const expressions: Record<string, RegExp> = {
        '0 0 0 * * 1': /T00:00:00\+00:00$/,
        '0 0 9 * * MON-FRI': /T09:00:00\+00:00$/,
        '0 0 9 13 * FRI': /-13T09:00:00\+00:00$/,
        '0 0 0 1 1 * 2100': /^2100-01-01T00:00:00\+00:00$/,
        '0 10/20 * * * *': /:(10|30|50):00\+00:00$/,
      };
      for (const expression of Object.keys(expressions)) {
        client.registerTrigger({ type: 'cron', function_id: expression, config: { expression } });
      }
      const jobs = await scheduled(client, 5);
      const days: Record<string, readonly number[]> = {
        '0 0 0 * * 1': [0],
        '0 0 9 * * MON-FRI': [1, 2, 3, 4, 5],
        '0 0 9 13 * FRI': [5],
      };
      for (const { function_id, next } of jobs) {
        for (const time of next) {
          expect(time).toMatch(expressions[function_id] as RegExp);
          const allowed = days[function_id];
          if (allowed !== undefined) expect(allowed).toContain(new Date(time).getUTCDay());
        }
      }
    });

    check('go with their worker, and come back with it once', async () => {
      const proxy = await bench.proxy();
      const client = bench.official('cron', {}, proxy.url);
      const watcher = bench.official('watcher');
      const times = new Times();
      client.registerFunction('comes::back', times.note);
      client.registerTrigger({
        type: 'cron',
        function_id: 'comes::back',
        config: { expression: EVERY_SECOND },
      });
      await scheduled(watcher, 1);
      proxy.cut();
      await scheduled(watcher, 1);
      await offered(watcher, 'comes::back');
      const seen = await times.filled(3);
      expect(new Set(seen).size).toBe(seen.length);
      await client.shutdown();
      expect(await scheduled(watcher, 0)).toEqual([]);
    });

    check('are had once for all replicas of a worker', async () => {
      const times = new Times();
      for (const name of ['replica-1', 'replica-2', 'replica-3']) {
        const replica = bench.official(name);
        replica.registerFunction('replicated', times.note);
        replica.registerTrigger({
          type: 'cron',
          function_id: 'replicated',
          config: { expression: EVERY_SECOND },
        });
      }
      const seen = await times.filled(3);
      expect(new Set(seen).size).toBe(seen.length);
    });

    check('ask conditions, hand on metadata, and keep a failing function on', async () => {
      const client = bench.official('cron');
      const calls: unknown[] = [];
      let asked = 0;
      client.registerFunction('odd', async () => ++asked % 2 === 1);
      const twice = new Promise<void>((resolve) => {
        client.registerFunction('picky', async (_, metadata) => {
          calls.push(metadata);
          if (calls.length === 2) resolve();
          throw new Error('no');
        });
      });
      client.registerTrigger({
        type: 'cron',
        function_id: 'picky',
        config: { expression: EVERY_SECOND, condition_function_id: 'odd' },
        metadata: { tenant: 'x' },
      });
      await twice;
      expect(calls).toEqual([{ tenant: 'x' }, { tenant: 'x' }]);
      expect(asked).toBe(3);
    });
  },
  { config: 'workers: [{ name: iii-worker-manager, config: { port: 0 } }, { name: cron }]\n' },
);
