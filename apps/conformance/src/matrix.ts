import { parseArgs } from 'node:util';
import { driverReport } from 'iii-listener';
import { WebSocket } from 'ws';
import { type ChannelClient, ChannelEnd, type ChannelRefs } from './channel-end.js';
import { type Driver, EngineProcess } from './engine-process.js';
import { Wire } from './wire.js';

const MIB = 1024 * 1024;
const HELP = `npm run matrix -- [options]: moves data through channels between every pair of clients, on both
drivers, and compares SHA-256 at both ends. One line per transfer; the exit status is 1 when any is wrong.

Options:
  --mib <n>             MiB per transfer (default 2048)
  --chunk <bytes>       size of each write, may be repeated (default 1024, 65536 and 1048576)
  --driver <uws|node>   only this driver
  --writer <official|ours>, --reader <official|ours>   only these clients
  --rate <MB/s>         readers take so much at most (default: no limit)
  --max-growth <MiB>    resident memory the engine may grow by (default 64)

Examples:
  npm run matrix -- --mib 256
  npm run matrix -- --rate 20 --driver uws
`;

interface Transfer {
  readonly writer: ChannelClient;
  readonly reader: ChannelClient;
  readonly chunkBytes: number;
  readonly bytes: number;
  readonly bytesPerSecond: number | undefined;
}

interface Measured {
  readonly problem: string | undefined;
  readonly mibPerSecond: number;
  readonly growthMib: number;
}

async function channelOf(engine: EngineProcess): Promise<{ refs: ChannelRefs; wire: Wire }> {
  const wire = await Wire.open(new WebSocket(engine.url));
  const { result } = await wire.call('engine::channels::create');
  return { refs: result as ChannelRefs, wire };
}

async function run(engine: EngineProcess, transfer: Transfer): Promise<Measured> {
  const { refs, wire } = await channelOf(engine);
  const { bytes, chunkBytes, bytesPerSecond } = transfer;
  const address = engine.url;
  const before = engine.residentBytes;
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, engine.residentBytes);
  }, 50);
  const start = performance.now();
  const reader = ChannelEnd.start({
    client: transfer.reader,
    address,
    ref: refs.reader,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  });
  const writer = ChannelEnd.start({ client: transfer.writer, address, ref: refs.writer, bytes, chunkBytes });
  try {
    const [sent, received] = await Promise.all([writer.outcome, reader.outcome]);
    const seconds = (performance.now() - start) / 1_000;
    const problem = compare(bytes, sent, received);
    return { problem, mibPerSecond: bytes / MIB / seconds, growthMib: (most - before) / MIB };
  } finally {
    clearInterval(sampler);
    await Promise.all([writer.kill(), reader.kill()]);
    wire.socket.terminate();
  }
}

type Outcome = Awaited<ChannelEnd['outcome']>;

function compare(bytes: number, sent: Outcome, received: Outcome): string | undefined {
  if (sent.event === 'failed') return `the writer failed: ${sent.message}`;
  if (received.event === 'failed') return `the reader failed: ${received.message}`;
  if (received.bytes !== bytes) return `${received.bytes} of ${bytes} bytes arrived`;
  return received.sha256 === sent.sha256 ? undefined : 'SHA-256 differs';
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
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const bytes = Math.round(positive('mib', values.mib) * MIB);
  const maxGrowthMib = positive('max-growth', values['max-growth']);
  const bytesPerSecond = values.rate === undefined ? undefined : positive('rate', values.rate) * 1e6;
  const chunks = values.chunk.map((chunk) => Math.round(positive('chunk', chunk)));
  const clients = ['official', 'ours'] as const;
  const writers = oneOf('writer', values.writer, clients);
  const readers = oneOf('reader', values.reader, clients);
  const { uws } = await driverReport();
  let wrong = 0;
  for (const driver of oneOf<Driver>('driver', values.driver, ['uws', 'node'])) {
    if (driver === 'uws' && !uws.available) {
      process.stdout.write(`uws is skipped: ${uws.reason}\n`);
      continue;
    }
    for (const writer of writers) {
      for (const reader of readers) {
        for (const chunkBytes of chunks) {
          // A fresh engine each time: what one transfer leaves in the allocator must not hide the next one's growth.
          const engine = await EngineProcess.start({ driver });
          try {
            const { problem, mibPerSecond, growthMib } = await run(engine, {
              writer,
              reader,
              chunkBytes,
              bytes,
              bytesPerSecond,
            });
            const tooMuch = growthMib > maxGrowthMib ? `grew by more than ${maxGrowthMib} MiB` : undefined;
            const verdict = problem ?? tooMuch;
            if (verdict !== undefined) wrong++;
            process.stdout.write(
              `${driver.padEnd(4)}  ${writer.padEnd(8)} → ${reader.padEnd(8)}  chunk ${String(chunkBytes).padStart(7)}  ` +
                `${mibPerSecond.toFixed(0).padStart(5)} MiB/s  memory +${growthMib.toFixed(0).padStart(3)} MiB  ` +
                `${verdict ?? 'sha256 equal'}\n`,
            );
          } finally {
            await engine.stop();
          }
        }
      }
    }
  }
  process.stdout.write(wrong === 0 ? 'every transfer was right\n' : `${wrong} transfers were wrong\n`);
  return wrong === 0 ? 0 : 1;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`Error: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
