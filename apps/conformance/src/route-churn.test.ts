import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { routeChurn } from './route-churn.js';

await onBothDrivers('routes that change under traffic', (bench, check) => {
  check(
    'answer no request that is not theirs, and none once they are removed',
    async () => {
      const { url, httpUrl } = bench.engine;
      const report = await routeChurn({ url, httpUrl, routes: 400, seed: 1 });
      expect(report.wrong).toEqual([]);
      expect(report).toMatchObject({ registered: 400, removed: 200 });
      expect([...report.statuses.keys()].sort()).toEqual([200, 404]);
      expect(report.requests).toBeGreaterThan(2_000);
    },
    60_000,
  );
});
