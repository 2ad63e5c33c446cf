import { expect, it, vi } from 'vitest';
import { crashQueues } from './queue-crash.js';

const CYCLES = 25;

it(`an engine that is killed ${CYCLES} times loses no accepted job and disorders no group`, async () => {
  for (const method of ['debug', 'log', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation(() => {});
  }
  const report = await crashQueues({ cycles: CYCLES, seed: 20_261 });
  vi.restoreAllMocks();
  expect(report).toMatchObject({
    kills: CYCLES,
    lost: [],
    unexplained: [],
    disordered: [],
    deadLetters: 0,
  });
  expect(report.accepted).toBeGreaterThan(CYCLES * 5);
  expect(report.executed).toBeLessThanOrEqual(report.accepted + report.unknown);
}, 600_000);
