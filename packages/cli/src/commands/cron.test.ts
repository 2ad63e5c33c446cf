import type { IIIClient } from 'iii-sdk';
import { TestEngine } from 'iii-testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closedPort, run } from '../test-support.js';

const JOB = {
  job_id: '3f0c',
  function_id: 'report::send',
  namespace: 'default',
  expression: '0 0 9 * * MON-FRI',
  timezone: 'Europe/Berlin',
  state: 'waiting',
  next: ['2026-01-01T08:00:00+00:00', '2026-01-02T08:00:00+00:00'],
  running_since: null,
  last_run: { started_at: '2025-12-31T08:00:00.012+00:00', outcome: 'failed' },
  skipped: 2,
  failed: 1,
};

describe('iii cron', () => {
  let engine: TestEngine;
  let worker: IIIClient;
  let url: string;
  let asked: unknown[];

  beforeEach(async () => {
    engine = new TestEngine();
    url = await engine.listen();
    worker = await engine.client('cron');
    asked = [];
  });

  afterEach(() => engine.close());

  /** Stands for iii-cron, whose answers these are. */
  async function serve(functionId: string, answer: () => unknown): Promise<void> {
    worker.registerFunction(functionId, ({ _caller_worker_id, ...input }: Record<string, unknown>) => {
      asked.push(input);
      return answer();
    });
    await worker.trigger({ function_id: 'engine::functions::list', payload: {} });
  }

  const cron = (...args: string[]) => run(['cron', ...args, '--url', url]);

  it('list shows when each is due, and how it has been', async () => {
    await serve('cron::list', () => ({ jobs: [JOB, { job_id: 'x\u001b[2J', next: [] }], total: 2 }));
    const { status, stdout } = await cron('list', '--function', 'report::send');
    const [titles, row, odd, empty, total] = stdout.split('\n');
    expect(titles).toMatch(/^JOB +FUNCTION +EXPRESSION +ZONE +STATE +NEXT +LAST RUN +SKIPPED +FAILED$/);
    expect(row).toMatch(
      /^3f0c +report::send +0 0 9 \* \* MON-FRI +Europe\/Berlin +waiting +2026-01-01 08:00:00 +2025-12-31 08:00:00 \(failed\) +2 +1$/,
    );
    expect(odd).not.toContain('\u001b');
    expect([empty, total, status]).toEqual(['', '2 schedules', 0]);
    expect(asked).toEqual([{ limit: 10_000, function_id: 'report::send' }]);
  });

  it('list says so when there is none, and prints the answer where it is asked to', async () => {
    await serve('cron::list', () => ({ jobs: [], total: 0 }));
    expect((await cron('list')).stdout).toBe('No schedules: no trigger of type cron is bound.\n');
    expect(JSON.parse((await cron('list', '--json')).stdout)).toEqual({ jobs: [], total: 0 });
  });

  it.each([
    ['run-now', 'cron::run_now', '3f0c has been started\n'],
    ['pause', 'cron::pause', '3f0c is paused\n'],
    ['resume', 'cron::resume', '3f0c is had again\n'],
  ])('%s asks for it and says what was done', async (command, functionId, expected) => {
    await serve(functionId, () => ({ job_id: '3f0c' }));
    expect(await cron(command, 'report::send')).toMatchObject({ status: 0, stdout: expected, stderr: '' });
    expect(asked).toEqual([{ job_id: 'report::send' }]);
  });

  it('says what the engine said when it refuses', async () => {
    await serve('cron::pause', () => {
      throw new Error('there is no such schedule');
    });
    const { status, stderr } = await cron('pause', 'x');
    expect([status, stderr]).toEqual([1, expect.stringContaining('"message": "there is no such schedule"')]);
    expect(stderr).not.toContain('cron.test.ts');
  });

  it('says that the worker is missing, or the engine', async () => {
    const { status, stderr } = await cron('list');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/no iii-cron.*\n?.*config\.yaml/s)]);
    const port = await closedPort();
    expect((await run(['cron', 'list', '--port', String(port)])).stderr).toContain('cannot reach');
  });

  it.each([
    [['cron', 'pause'], "missing required argument 'JOB'"],
    [['cron', 'pause', 'a', 'b'], 'too many arguments'],
    [['cron', 'lst'], "unknown command 'lst'"],
  ])('%j is bad usage', async (args, reason) => {
    const { status, stderr } = await run(args);
    expect([status, stderr]).toEqual([2, expect.stringContaining(reason)]);
  });

  it('has help', async () => {
    expect((await run(['cron', '--help'])).stdout).toMatch(/run-now .*at once/);
    expect((await run(['cron', 'list', '--help'])).stdout).toContain('iii cron list --function');
  });
});
