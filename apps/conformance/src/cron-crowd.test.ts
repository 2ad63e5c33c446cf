import { expect } from 'vitest';
import { CRON, cronCrowd } from './cron-crowd.js';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers(
  '1,000 schedules',
  (bench, check) => {
    check(
      'are all had, each of their times once',
      async () => {
        const report = await cronCrowd(bench.engine, { schedules: 1_000, idleMs: 1_000, busyMs: 4_000 });
        expect([report.lost, report.doubled]).toEqual([0, 0]);
        expect(report.arrivedMs.length).toBeGreaterThanOrEqual(16);
        for (const late of report.begunMs) expect(late).toBeGreaterThanOrEqual(0);
      },
      60_000,
    );
  },
  { config: CRON },
);
