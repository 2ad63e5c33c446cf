import { expect } from 'vitest';
import { churn } from './churn.js';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers('replicas behind bad networks', (bench, check) => {
  check(
    'execute each call at most once, and each call ends once',
    async () => {
      for (const seed of [1, 2, 3]) {
        const { wrong, calls, fates } = await churn(bench.engine.url, 60, seed);
        expect({ seed, wrong }).toEqual({ seed, wrong: [] });
        expect(calls).toBe(600);
        expect(fates.get('result')).toBeGreaterThan(0);
      }
    },
    60_000,
  );
});
