import { parseArgs } from 'node:util';
import { benchChannel } from './channel/bench.js';

const HELP = `pnpm bench <what> [options]: measures this engine beside a baseline, in one run on this machine.

  channel    bytes through one channel, beside a bare relay between the same ends

Options:
  --driver <uws|node>   only this driver (default: both)
  --chunk <bytes>       size of each write (default 65536)
  --mib <n>             MiB per transfer (default 1024)
  --rounds <n>          transfers of each kind; the median counts (default 3)

Examples:
  pnpm bench channel
  pnpm bench channel --driver uws --chunk 1024 --mib 128
`;

/** @throws Error naming the option, the value and what it should be. */
function count(name: string, value: string): number {
  const number = Number(value);
  if (Number.isSafeInteger(number) && number > 0) return number;
  throw new Error(`--${name} is "${value}", which is no whole number above 0`);
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      driver: { type: 'string' },
      chunk: { type: 'string', default: '65536' },
      mib: { type: 'string', default: '1024' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  const { driver } = values;
  if (values.help === true || positionals.length === 0) {
    process.stdout.write(HELP);
    return values.help === true ? 0 : 2;
  }
  if (positionals.length > 1 || positionals[0] !== 'channel') {
    throw new Error(`"${positionals.join(' ')}" is no benchmark. There is: channel`);
  }
  if (driver !== undefined && driver !== 'uws' && driver !== 'node') {
    throw new Error(`--driver is "${driver}", which is neither uws nor node`);
  }
  const result = await benchChannel({
    drivers: driver === undefined ? ['uws', 'node'] : [driver],
    chunkBytes: count('chunk', values.chunk),
    totalBytes: count('mib', values.mib) * 1024 * 1024,
    rounds: count('rounds', values.rounds),
    tell: (line) => void process.stderr.write(`${line}\n`),
  });
  process.stdout.write(`${result}\n`);
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`Error: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
