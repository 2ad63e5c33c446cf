import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { STREAM_CROWD, streamCrowd } from './stream-crowd.js';

await onBothDrivers(
  'sockets that follow a stream beside two that do not read',
  (bench, check) => {
    check(
      'get every event in order; one that reads again is synced, one that never does is dropped',
      async () => {
        const report = await streamCrowd({ engine: bench.engine, sockets: 60, events: 30 });
        expect(report.wrong).toEqual([]);
        expect(report.fanOutMs).toHaveLength(60);
        expect(report.resynced.isCurrent).toBe(true);
        // What was sent before it was left out, and then nothing of the rest: 96 pieces, and 30 events, were too many.
        expect(report.resynced.messages).toBeLessThan(96);
        // What the kernels and the limit hold, and what 24 MiB of pieces leave behind.
        expect(report.peak - report.before).toBeLessThan(192 * 2 ** 20);
      },
      60_000,
    );
  },
  { config: STREAM_CROWD },
);
