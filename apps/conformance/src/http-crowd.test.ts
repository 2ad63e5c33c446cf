import { expect } from 'vitest';
import { CROWDED, httpCrowd, refuseLowFileLimit } from './http-crowd.js';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers(
  'a crowd of idle and slow HTTP clients',
  (bench, check) => {
    check(
      'is served, cut where it is too slow, and leaves no socket behind',
      async () => {
        const { engine } = bench;
        const sizes = { connections: 200, slow: 20, bytesPerSecond: 48 * 1024 };
        const report = await httpCrowd({ engine, ...sizes, measureMs: 500 });
        const { seen, sockets } = report;
        expect(seen).toMatchObject({
          idle: { open: 200, lost: 0 },
          patient: { wrong: 0 },
          endless: { wrong: 0 },
        });
        expect(seen.patient.answered).toBeGreaterThanOrEqual(10);
        expect(seen.endless.cut).toBeGreaterThanOrEqual(10);
        expect(seen.endless.timedOut).toBe(seen.endless.cut);
        expect(seen.downloads).toEqual({ begun: 20, whole: 20, wrong: 0 });
        expect([report.early, report.failed]).toEqual([0, 0]);
        expect(report.beside.length).toBeGreaterThan(0);
        expect(sockets[1]).toBeGreaterThanOrEqual(200);
        expect(sockets[2]).toBeLessThanOrEqual(sockets[0]);
      },
      120_000,
    );
  },
  { config: CROWDED },
);

await onBothDrivers('a crowd of more connections than files may be open', (_, check) => {
  check('is refused, and says what to do', async () => {
    expect(() => refuseLowFileLimit(1e9)).toThrow(/^ulimit -n is \d+, and 1000000500 are needed: raise it/);
  });
});
