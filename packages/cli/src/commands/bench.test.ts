import { TestEngine } from 'iii-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closedPort, run } from '../test-support.js';

/** A clock that jumps ahead, so that a measurement of a second takes as many readings as it needs and no second. */
function hurriedClock() {
  let now = 0;
  return {
    now: () => now,
    monotonic: () => {
      now += 20;
      return now;
    },
    setTimeout: (callback: () => void, ms: number) => setTimeout(callback, ms),
    clearTimeout: (timer: unknown) => clearTimeout(timer as NodeJS.Timeout),
  };
}

describe('iii bench', () => {
  let engine: TestEngine;
  let url: string;
  const bench = (...args: string[]) =>
    run(['bench', '--url', url, '--seconds', '1', ...args], { clock: hurriedClock() });

  beforeAll(async () => {
    engine = new TestEngine();
    url = await engine.listen();
  });

  afterAll(() => engine.close());

  it('prints a row for each number of calls in flight', async () => {
    const { status, stdout, stderr } = await bench('--in-flight', '1,3');
    const [titles, ...rows] = stdout.trimEnd().split('\n');
    expect(titles).toMatch(/^IN FLIGHT +CALLS\/S +P50 +P90 +P99 +P99\.9$/);
    expect(rows.map((row) => row.trim().split(/ +/)[0])).toEqual(['1', '3']);
    expect([status, stderr]).toEqual([0, '']);
  });

  it('prints what it has measured as JSON', async () => {
    const { stdout } = await bench('--in-flight', '2', '--payload', '1000', '--json');
    const { payload_bytes, figures } = JSON.parse(stdout) as {
      payload_bytes: number;
      figures: Array<Record<string, number>>;
    };
    expect(payload_bytes).toBe(1_000);
    expect(figures).toHaveLength(1);
    expect(figures[0]).toMatchObject({ in_flight: 2 });
    expect(figures[0]?.calls).toBeGreaterThan(2);
    expect(figures[0]?.p50_ms).toBeGreaterThan(0);
    expect(figures[0]?.p99_ms).toBeGreaterThanOrEqual(figures[0]?.p50_ms ?? 0);
  });

  it('leaves nothing behind', async () => {
    await bench('--in-flight', '1');
    const client = await engine.client('observer');
    const listing = JSON.stringify(
      await client.trigger({ function_id: 'engine::functions::list', payload: {} }),
    );
    expect(listing).not.toContain('iii-bench::');
  });

  it('says what is wrong', async () => {
    const port = await closedPort();
    const unreachable = await run(['bench', '--port', String(port)]);
    expect([unreachable.status, unreachable.stderr]).toEqual([1, expect.stringContaining('cannot reach')]);
    expect((await bench('--in-flight', '0')).stderr).toContain('whole number from 1 to 5000');
    expect((await bench('--payload', 'much')).status).toBe(2);
  });
});
