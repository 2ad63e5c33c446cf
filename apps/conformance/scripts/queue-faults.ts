/** The long versions of the tests of queues under faults. `npm run queue-faults -- --help` says what there is. */
import { parseArgs } from 'node:util';
import { EngineProcess } from '../src/engine-process.js';
import { QUEUE_STORES } from '../src/queue-client.js';
import { crashQueues } from '../src/queue-crash.js';
import { runGroups } from '../src/queue-fifo.js';
import { killWorkers } from '../src/queue-kills.js';

const HELP = `Kills engines and workers while jobs are queued and run, and says what became of the jobs.

npm run queue-faults -- [options]

  --only <which>  crash: kills of the engine; workers: kills of workers; fifo: groups in order through failures
  --cycles <n>    kills of the engine (500)
  --jobs <n>      jobs during which workers are killed (10000)
  --groups <n>    groups of as many jobs each, ten at a time (100)
  --seed <n>      what is drawn follows from it (random)
  --help          this text

It ends by itself, with 1 when something was wrong.
`;
const TOGETHER = 10;

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    cycles: { type: 'string', default: '500' },
    jobs: { type: 'string', default: '10000' },
    groups: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);
const [cycles, jobs, groups, seed] = [values.cycles, values.jobs, values.groups, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];

/** Each says whether everything was as it should be. */
const RUNS: Readonly<Record<string, () => Promise<boolean>>> = {
  crash: async () => {
    const report = await crashQueues({ cycles, seed, progress: say });
    say(JSON.stringify(report, null, 2));
    const { lost, unexplained, disordered, deadLetters } = report;
    return lost.length + unexplained.length + disordered.length + deadLetters === 0;
  },
  workers: () =>
    onDisk(async (url) => {
      const report = await killWorkers({ url, queue: 'default', jobs, seed, everyMs: 300 });
      say(JSON.stringify(report, null, 2));
      return report.overcharged.length === 0 && report.deadLetters === 0 && report.delivered === jobs;
    }),
  fifo: () =>
    onDisk(async (url) => {
      const size = { groups, jobs: groups, concurrency: TOGETHER };
      const report = await runGroups({ url, queue: 'groups', ...size, seed });
      say(JSON.stringify(report, null, 2));
      const { disordered, overlapping, misnumbered, deadLetters } = report;
      const wrong = disordered.length + overlapping.length + misnumbered.length + deadLetters;
      return (
        wrong === 0 && report.done === groups * groups && report.mostAtOnce === Math.min(TOGETHER, groups)
      );
    }),
};

async function onDisk(run: (url: string) => Promise<boolean>): Promise<boolean> {
  const engine = await EngineProcess.start({ driver: 'node', config: QUEUE_STORES.disk });
  try {
    return await run(engine.url);
  } finally {
    await engine.stop();
  }
}

if (values.help) say(HELP);
else {
  const { only } = values;
  const chosen =
    only === undefined ? Object.entries(RUNS) : Object.entries(RUNS).filter(([name]) => name === only);
  if (chosen.length === 0) say(`there is no run ${only}; there are ${Object.keys(RUNS).join(', ')}`);
  for (const method of ['debug', 'log', 'warn', 'error'] as const) console[method] = () => {};
  say(`seed ${seed}`);
  let isFine = chosen.length > 0;
  for (const [name, run] of chosen) {
    const started = performance.now();
    const passed = await run();
    say(`${name} ${passed ? 'passed' : 'FAILED'} in ${Math.round((performance.now() - started) / 1_000)} s`);
    isFine &&= passed;
  }
  process.exitCode = isFine ? 0 : 1;
}
