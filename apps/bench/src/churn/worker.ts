import { registerWorker } from 'iii-sdk';
import { takeTasks } from '../role-process.js';
import { percentile } from '../statistics.js';
import { untilAnswered } from '../until-answered.js';

export interface ChurnTask {
  readonly functions: number;
  readonly ms: number;
}

export interface ChurnResult {
  readonly lives: number;
  readonly tookMs: number;
  /** Median. */
  readonly perLifeMs: number;
}

const [address = ''] = process.argv.slice(2);
let lives = 0;

async function live(functions: number): Promise<void> {
  const name = `churn-${lives++}`;
  const worker = registerWorker(address, { workerName: name, otel: { enabled: false } });
  for (let n = 0; n < functions; n++) worker.registerFunction(`${name}::f${n}`, async () => n);
  await untilAnswered(() => worker.trigger({ function_id: `${name}::f${functions - 1}`, payload: {} }));
  await worker.shutdown();
}

takeTasks<ChurnTask, ChurnResult>(async ({ functions, ms }) => {
  const took: number[] = [];
  const begin = performance.now();
  for (let now = begin; now - begin < ms; ) {
    await live(functions);
    took.push(performance.now() - now);
    now = performance.now();
  }
  return { lives: took.length, tookMs: performance.now() - begin, perLifeMs: percentile(took, 50) };
});
