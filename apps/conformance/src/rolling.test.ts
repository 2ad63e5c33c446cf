import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { rollingDeploy } from './rolling.js';

await onBothDrivers('a rolling deploy under load', (bench, check) => {
  check(
    'fails no call of replicas that drain, and only those of one that is killed',
    async () => {
      const report = await rollingDeploy({ url: bench.engine.url, rate: 500, pauseMs: 300 });
      expect(report.calls).toBeGreaterThan(500);
      expect(report.failedWhileRolling).toBe(0);
      expect(report.failedByKill).toBeGreaterThan(0);
      expect(report.codes).toEqual(['invocation_stopped']);
      expect(report.failedElsewhere).toBe(0);
    },
    60_000,
  );
});
