/** `pnpm --filter iii-bench queue`: queues beside BullMQ, beside a backlog, and idle. */
import { parseArgs } from 'node:util';
import { benchBacklog, benchIdle, benchQueue } from './bench.js';

const HELP = `Measures queues on disk.

pnpm --filter iii-bench queue [options]

  --rounds <n>   rounds beside BullMQ (3); 0 leaves them out
  --seconds <n>  of each measurement (5)
  --backlog <n>  jobs that wait (1000000); 0 leaves it out
  --help         this text
`;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '5' },
    backlog: { type: 'string', default: '1000000' },
    help: { type: 'boolean', default: false },
  },
});
const print = (text: string) => process.stdout.write(`${text}\n\n`);

if (values.help) print(HELP);
else {
  const options = {
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    backlog: Number(values.backlog),
    tell: (line: string) => process.stderr.write(`${line}\n`),
  };
  if (options.rounds > 0) print(await benchQueue(options));
  if (options.backlog > 0) print(await benchBacklog(options));
  print(await benchIdle(options));
}
