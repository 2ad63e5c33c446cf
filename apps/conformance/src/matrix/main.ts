import { parseArgs } from 'node:util';
import { driverReport } from 'iii-listener';
import { type Driver, EngineProcess } from '../engine-process.js';
import { LOSSES, lose } from './losses.js';
import { manyAtOnce } from './many.js';
import { transfer } from './transfer.js';

const MIB = 1024 * 1024;
/** Within which whoever is left has to know of a loss. */
const LOSS_MS = 1_000;

const HELP = `npm run matrix -- [options]: moves data through channels between every pair of clients, on both
drivers, and compares SHA-256 at both ends; then 500 channels of 4 MiB at once; then loses writers, readers and engines
on the way. One line each; the exit status is 1 when anything is wrong.

Options:
  --mib <n>             MiB per transfer (default 2048)
  --chunk <bytes>       size of each write, may be repeated (default 1024, 65536 and 1048576)
  --driver <uws|node>   only this driver
  --writer <official|ours>, --reader <official|ours>   only these clients
  --rate <MB/s>         readers take so much at most (default: no limit)
  --max-growth <MiB>    resident memory the engine may grow by (default 64)
  --only <transfers|many|losses>   only this part

Examples:
  npm run matrix -- --mib 256
  npm run matrix -- --only transfers --rate 20 --driver uws
`;

interface Plan {
  readonly writers: readonly ('official' | 'ours')[];
  readonly readers: readonly ('official' | 'ours')[];
  readonly chunks: readonly number[];
  readonly bytes: number;
  readonly bytesPerSecond: number | undefined;
  readonly maxGrowthMib: number;
}

const say = (line: string) => void process.stdout.write(`${line}\n`);

/** @returns how many were wrong. */
async function transfers(driver: Driver, plan: Plan): Promise<number> {
  const { bytes, bytesPerSecond, maxGrowthMib } = plan;
  let wrong = 0;
  for (const writer of plan.writers) {
    for (const reader of plan.readers) {
      for (const chunkBytes of plan.chunks) {
        // A fresh engine each time: what one transfer leaves in the allocator must not hide the next one's growth.
        const engine = await EngineProcess.start({ driver });
        try {
          const each = { writer, reader, chunkBytes, bytes, bytesPerSecond };
          const { problem, mibPerSecond, growthMib } = await transfer(engine, each);
          const tooMuch = growthMib > maxGrowthMib ? `grew by more than ${maxGrowthMib} MiB` : undefined;
          const verdict = problem ?? tooMuch;
          if (verdict !== undefined) wrong++;
          say(
            `${driver.padEnd(4)}  ${writer.padEnd(8)} → ${reader.padEnd(8)}  chunk ${String(chunkBytes).padStart(7)}  ` +
              `${mibPerSecond.toFixed(0).padStart(5)} MiB/s  memory +${growthMib.toFixed(0).padStart(3)} MiB  ` +
              `${verdict ?? 'sha256 equal'}`,
          );
        } finally {
          await engine.stop();
        }
      }
    }
  }
  return wrong;
}

async function many(driver: Driver): Promise<number> {
  const { complete, channels, files, sockets, seconds } = await manyAtOnce(driver, 500, 4 * MIB);
  const isRight = complete === 500 && channels === 0 && files === 0 && sockets === 0;
  say(
    `${driver.padEnd(4)}  500 channels of 4 MiB at once in ${seconds.toFixed(1)} s: ${complete} complete; left: ` +
      `${channels} channels, ${files} files, ${sockets} sockets${isRight ? '' : '  WRONG'}`,
  );
  return isRight ? 0 : 1;
}

async function losses(driver: Driver): Promise<number> {
  let wrong = 0;
  for (const loss of LOSSES) {
    for (const { end, event, ms } of await lose(driver, loss)) {
      const isRight = event === 'failed' && ms <= LOSS_MS;
      if (!isRight) wrong++;
      say(
        `${driver.padEnd(4)}  ${loss}: the ${end} ${event} after ${ms.toFixed(0)} ms${isRight ? '' : '  WRONG'}`,
      );
    }
  }
  return wrong;
}

function positive(name: string, value: string): number {
  const number = Number(value);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new Error(`--${name} is "${value}", which is no number above 0`);
}

function oneOf<T extends string>(name: string, value: string | undefined, all: readonly T[]): readonly T[] {
  if (value === undefined) return all;
  const found = all.find((each) => each === value);
  if (found === undefined) throw new Error(`--${name} is "${value}", which is none of ${all.join(', ')}`);
  return [found];
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      mib: { type: 'string', default: '2048' },
      chunk: { type: 'string', multiple: true, default: ['1024', '65536', '1048576'] },
      driver: { type: 'string' },
      writer: { type: 'string' },
      reader: { type: 'string' },
      rate: { type: 'string' },
      'max-growth': { type: 'string', default: '64' },
      only: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const clients = ['official', 'ours'] as const;
  const plan: Plan = {
    bytes: Math.round(positive('mib', values.mib) * MIB),
    maxGrowthMib: positive('max-growth', values['max-growth']),
    bytesPerSecond: values.rate === undefined ? undefined : positive('rate', values.rate) * 1e6,
    chunks: values.chunk.map((chunk) => Math.round(positive('chunk', chunk))),
    writers: oneOf('writer', values.writer, clients),
    readers: oneOf('reader', values.reader, clients),
  };
  const parts = oneOf('only', values.only, ['transfers', 'many', 'losses']);
  const { uws } = await driverReport();
  let wrong = 0;
  for (const driver of oneOf<Driver>('driver', values.driver, ['uws', 'node'])) {
    if (driver === 'uws' && !uws.available) {
      say(`uws is skipped: ${uws.reason}`);
      continue;
    }
    if (parts.includes('transfers')) wrong += await transfers(driver, plan);
    if (parts.includes('many')) wrong += await many(driver);
    if (parts.includes('losses')) wrong += await losses(driver);
  }
  say(wrong === 0 ? 'everything was right' : `${wrong} were wrong`);
  return wrong === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`Error: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
