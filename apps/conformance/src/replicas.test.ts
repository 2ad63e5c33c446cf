import { expect } from 'vitest';
import type { OfficialClient } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';
import { WorkerProcess } from './worker-process.js';

const CALLS = 1_000;

interface Ending {
  readonly pid?: number;
  readonly code?: string;
  readonly at: number;
}

/** Makes many calls at once; each resolves with how and when it ended. */
function callMany(client: OfficialClient, functionId: string): Array<Promise<Ending>> {
  return Array.from({ length: CALLS }, () =>
    client.trigger<object, number>({ function_id: functionId, payload: {} }).then(
      (pid) => ({ pid, at: performance.now() }),
      (error: { code: string }) => ({ code: error.code, at: performance.now() }),
    ),
  );
}

await onBothDrivers('replicas', (bench, check) => {
  check(
    'share 1,000 concurrent slow calls within 10 % of even',
    async () => {
      const replicas = await Promise.all(
        [1, 2].map(() => WorkerProcess.start(bench.engine.url, 'slow::even', 300)),
      );
      const endings = await Promise.all(callMany(bench.official('caller'), 'slow::even'));
      for (const { pid } of replicas) {
        const share = endings.filter((ending) => ending.pid === pid).length;
        expect(share).toBeGreaterThanOrEqual(CALLS * 0.45);
        expect(share).toBeLessThanOrEqual(CALLS * 0.55);
      }
      await Promise.all(replicas.map((replica) => replica.kill()));
    },
    30_000,
  );

  check(
    'lose only the calls of the one that is killed, each within 200 ms, and the other goes on',
    async () => {
      const [doomed, survivor] = await Promise.all(
        [1, 2].map(() => WorkerProcess.start(bench.engine.url, 'slow::kill', 3_000)),
      );
      const caller = bench.official('caller');
      const calls = callMany(caller, 'slow::kill');
      const executing = await bench.worker('asker');
      const inFlight = async () => {
        const { result } = await executing.call('engine::workers::list', { search: 'slow-' });
        const { workers } = result as { workers: Array<{ name: string; active_invocations: number }> };
        return new Map(workers.map(({ name, active_invocations }) => [name, active_invocations]));
      };
      let counts = await inFlight();
      while ([...counts.values()].reduce((a, b) => a + b, 0) < CALLS) counts = await inFlight();
      const killedAt = performance.now();
      await doomed?.kill();
      const endings = await Promise.all(calls);
      const failed = endings.filter(({ code }) => code !== undefined);
      expect(failed).toHaveLength(counts.get(`slow-${doomed?.pid}`) ?? -1);
      expect(new Set(failed.map(({ code }) => code))).toEqual(new Set(['invocation_stopped']));
      expect(Math.max(...failed.map(({ at }) => at - killedAt))).toBeLessThan(200);
      expect(endings.filter(({ pid }) => pid === survivor?.pid)).toHaveLength(CALLS - failed.length);
      expect(await caller.trigger({ function_id: 'slow::kill', payload: {} })).toBe(survivor?.pid);
      await survivor?.kill();
    },
    30_000,
  );
});
