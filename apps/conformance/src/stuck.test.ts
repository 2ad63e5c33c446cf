import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { stuckReader } from './stuck.js';

await onBothDrivers(
  'a worker that stops reading',
  (bench, check) => {
    check('is dropped with 1013 at its limit, time and again, while the others are served', async () => {
      const { url } = bench.engine;
      const rounds = await stuckReader({ url, rounds: 2, samples: 50, chunkBytes: 64 * 1024, everyMs: 8 });
      expect(rounds).toHaveLength(2);
      for (const { code, reading, stuck, sentBytes } of rounds) {
        expect(code).toBe(1013);
        expect(reading).toHaveLength(50);
        expect(stuck.length).toBeGreaterThanOrEqual(50);
        // The limit, and what the kernel takes in addition.
        expect(sentBytes).toBeGreaterThan(1024 * 1024);
        expect(sentBytes).toBeLessThan(32 * 1024 * 1024);
      }
    });
  },
  {
    config: [
      'limits: { max_outbox_bytes: 1048576 }',
      'workers: [{ name: iii-worker-manager, config: { port: 0 } }]',
    ].join('\n'),
  },
);
