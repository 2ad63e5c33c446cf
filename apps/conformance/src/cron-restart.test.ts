import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { type OfficialClient, registerOfficial } from './official.js';

/** Milliseconds an occurrence may be late and still be had. */
const LATE_MS = 500;

describe('an engine with schedules', () => {
  let directory: string;
  let config: string;
  const open: Array<() => Promise<unknown>> = [];

  beforeEach(() => {
    directory = mkdtempSync(path.join(os.tmpdir(), 'iii-cron-'));
    config = [
      `data_dir: ${directory}/data`,
      'workers:',
      '  - { name: iii-worker-manager, config: { port: 0 } }',
      `  - { name: iii-cron, config: { late_tolerance: ${LATE_MS} } }`,
    ].join('\n');
  });

  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function start(): Promise<EngineProcess> {
    const engine = await EngineProcess.start({ driver: 'node', config });
    open.push(() => engine.stop());
    return engine;
  }

  /** Binds a function to every second; resolves once it has been called so many times. */
  async function seconds(
    url: string,
    count: number,
  ): Promise<{ times: string[]; client: OfficialClient; boundAt: string }> {
    const client = registerOfficial(url, 'restarted');
    open.push(() => client.shutdown());
    const times: string[] = [];
    const called = new Promise<void>((resolve) => {
      client.registerFunction('every::second', async ({ scheduled_time }: { scheduled_time: string }) => {
        times.push(scheduled_time);
        if (times.length === count) resolve();
      });
      const expression = '* * * * * *';
      client.registerTrigger({
        type: 'cron',
        function_id: 'every::second',
        config: { expression, catch_up: 'last' },
      });
    });
    await expect
      .poll(() => client.trigger({ function_id: 'cron::list', payload: {} }))
      .toMatchObject({ total: 1 });
    // Not before: the next second may begin while the schedule is on its way.
    const boundAt = new Date().toISOString();
    await called;
    return { times, client, boundAt };
  }

  it('that is killed and started again has each time once, and makes up for the last that was missed', async () => {
    const first = await start();
    const before = await seconds(first.url, 3);
    await first.stop('SIGKILL');
    await before.client.shutdown();
    // Otherwise one that starts at once has missed nothing.
    const missed = Date.parse(before.times.at(-1) ?? '') + 1_000;
    await expect.poll(() => Date.now(), { timeout: 5_000 }).toBeGreaterThan(missed + LATE_MS);
    const second = await start();
    const after = await seconds(second.url, 3);
    expect(Date.parse(after.times[0] ?? '')).toBeGreaterThanOrEqual(missed);
    const all = [...before.times, ...after.times];
    expect(all).toEqual([...new Set(all)].sort());
    expect(after.times[0]?.slice(0, 19)).toSatisfy((time: string) => time <= after.boundAt.slice(0, 19));
  });

  it('keeps a second one out of its data, which says why', async () => {
    const first = await start();
    await seconds(first.url, 1);
    await expect(EngineProcess.start({ driver: 'node', config })).rejects.toThrow(
      /iii-cron did not start: .*data.*(another|in use|used by|locked)/i,
    );
  });
});
