import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { QUEUE_STORES } from './queue-client.js';
import { runGroups } from './queue-fifo.js';

const [GROUPS, JOBS, CONCURRENCY] = [20, 20, 10];

beforeAll(() => {
  for (const method of ['debug', 'log', 'warn'] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
});
afterAll(() => vi.restoreAllMocks());

it.each(Object.entries(QUEUE_STORES))(
  `Q-15, §15.7 ${GROUPS} groups of ${JOBS} jobs run ${CONCURRENCY} at a time, each in order through failures (%s)`,
  async (_, config) => {
    const engine = await EngineProcess.start({ driver: 'node', config });
    try {
      const size = { groups: GROUPS, jobs: JOBS, concurrency: CONCURRENCY };
      const report = await runGroups({ url: engine.url, queue: 'groups', ...size, seed: 11 });
      expect(report).toMatchObject({
        done: GROUPS * JOBS,
        disordered: [],
        overlapping: [],
        misnumbered: [],
        mostAtOnce: CONCURRENCY,
        deadLetters: 0,
      });
      expect(report.failures).toBeGreaterThan(GROUPS);
    } finally {
      await engine.stop();
    }
  },
);
