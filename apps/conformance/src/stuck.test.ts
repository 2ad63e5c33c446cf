import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { stuckReader } from './stuck.js';

await onBothDrivers(
  'a worker that stops reading',
  (bench, check) => {
    check('is dropped with 1013 at its limit, while the others are served', async () => {
      const report = await stuckReader(bench.engine.url, 50, 64 * 1024);
      expect(report.code).toBe(1013);
      expect(report.beside.length).toBeGreaterThanOrEqual(50);
      // The limit, and what the kernel takes in addition.
      expect(report.sentBytes).toBeGreaterThan(1024 * 1024);
      expect(report.sentBytes).toBeLessThan(32 * 1024 * 1024);
    });
  },
  {
    config: [
      'limits: { max_outbox_bytes: 1048576 }',
      'workers: [{ name: iii-worker-manager, config: { port: 0 } }]',
    ].join('\n'),
  },
);
