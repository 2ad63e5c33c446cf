import { expect } from 'vitest';
import { httpTransfers, PATIENT } from './http-transfer.js';
import { onBothDrivers } from './on-both-drivers.js';

const MIB = 1024 * 1024;

await onBothDrivers(
  'bodies much larger than what may wait',
  (bench, check) => {
    check(
      'go through handlers in both directions, and the engine keeps little of them',
      async () => {
        const { upload, download } = await httpTransfers(bench.engine, 128 * MIB);
        for (const { sent, received, before, peak } of [upload, download]) {
          expect(received).toEqual(sent);
          expect(received.bytes).toBe(128 * MIB);
          expect((peak - before) / MIB).toBeLessThan(64);
        }
      },
      60_000,
    );
  },
  { config: PATIENT },
);
