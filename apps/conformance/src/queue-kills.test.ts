import { expect, it, vi } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { QUEUE_STORES } from './queue-client.js';
import { killWorkers } from './queue-kills.js';

const JOBS = 2_000;

it(`workers killed at random complete ${JOBS} jobs, charged only for what failed`, async () => {
  for (const method of ['debug', 'log', 'warn'] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
  const engine = await EngineProcess.start({ driver: 'node', config: QUEUE_STORES.disk });
  try {
    const report = await killWorkers({
      url: engine.url,
      queue: 'default',
      jobs: JOBS,
      seed: 3,
      everyMs: 300,
    });
    expect(report).toMatchObject({ delivered: JOBS, deadLetters: 0, overcharged: [] });
    expect(report.kills).toBeGreaterThan(0);
  } finally {
    await engine.stop();
    vi.restoreAllMocks();
  }
}, 300_000);
