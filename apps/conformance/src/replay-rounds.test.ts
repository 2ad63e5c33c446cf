import { expect } from 'vitest';
import { onBothDrivers } from './on-both-drivers.js';
import { cutRounds } from './replay-rounds.js';

await onBothDrivers('a connection that is cut in the middle of its replay', (bench, check) => {
  for (const client of ['official', 'wire'] as const) {
    check(
      `leaves exactly what the worker wants in the tables (${client} client)`,
      async () => {
        const report = await cutRounds({ url: bench.engine.url, client, rounds: 15, seed: 4_711 });
        expect(report.wrong).toEqual([]);
        expect(report.recoveredMs).toHaveLength(15);
      },
      60_000,
    );
  }
});
