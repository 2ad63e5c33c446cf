import { expect } from 'vitest';
import { PROBED } from './heap-probe.js';
import { idleConnections } from './idle.js';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers(
  '1,000 connections that do nothing',
  (bench, check) => {
    check(
      'cost at most 20 KB of memory each, and leave nothing behind',
      async () => {
        const report = await idleConnections(bench.engine, 1_000);
        expect(report.listed).toBe(1_000);
        expect(report.left).toBe(0);
        // The garbage of connecting is no part of what a connection costs, and shows with so few of them.
        expect(report.residentBytesEach).toBeLessThanOrEqual(20_000);
        expect(report.after.heap).toBeLessThan(report.before.heap + 1_000_000);
      },
      90_000,
    );
  },
  { nodeArgs: PROBED },
);
