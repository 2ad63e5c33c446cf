/** The long versions of the tests of queues under faults. `npm run queue-faults -- --help` says what there is. */
import { parseArgs } from 'node:util';
import { EngineProcess } from '../src/engine-process.js';
import { QUEUE_STORES } from '../src/queue-client.js';
import { crashQueues } from '../src/queue-crash.js';
import { killWorkers } from '../src/queue-kills.js';

const HELP = `Kills engines and workers while jobs are queued and run, and says what became of the jobs.

npm run queue-faults -- [options]

  --cycles <n>  kills of the engine (500)
  --jobs <n>    jobs during which workers are killed (10000)
  --seed <n>    what is drawn follows from it (random)
  --help        this text

It ends by itself, with 1 when something was wrong.
`;

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '500' },
    jobs: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    help: { type: 'boolean', default: false },
  },
});
const say = (line: string) => process.stdout.write(`${line}\n`);

if (values.help) say(HELP);
else {
  for (const method of ['debug', 'log', 'warn', 'error'] as const) console[method] = () => {};
  const [cycles, jobs, seed] = [Number(values.cycles), Number(values.jobs), Number(values.seed)];
  say(`seed ${seed}`);
  let isFine = true;
  if (cycles > 0) {
    const report = await crashQueues({ cycles, seed, progress: say });
    say(JSON.stringify(report, null, 2));
    const { lost, unexplained, disordered, deadLetters } = report;
    isFine &&= lost.length + unexplained.length + disordered.length + deadLetters === 0;
  }
  if (jobs > 0) {
    const engine = await EngineProcess.start({ driver: 'node', config: QUEUE_STORES.disk });
    const report = await killWorkers({ url: engine.url, queue: 'default', jobs, seed, everyMs: 300 });
    await engine.stop();
    say(JSON.stringify(report, null, 2));
    isFine &&= report.overcharged.length === 0 && report.deadLetters === 0 && report.delivered === jobs;
  }
  process.exitCode = isFine ? 0 : 1;
}
