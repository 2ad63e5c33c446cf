import { randomUUID } from 'node:crypto';
import { registerWorker } from 'iii-sdk';
import type { StreamChannelRef } from 'iii-sdk/channel';
import { createChannel } from 'iii-sdk/helpers';
import { type Driver, usableDrivers } from '../drivers.js';
import type { BenchOptions } from '../options.js';
import { Running } from '../running.js';
import { median } from '../statistics.js';
import { table } from '../text.js';
import type { Transferred } from './reader.js';

const MIB = 1024 * 1024;
const SERVERS = { relay: 'channel/relay.ts', engine: 'engine-process.ts' } as const;

export interface ChannelBenchOptions extends BenchOptions {
  readonly chunkBytes: number;
  readonly totalBytes: number;
}

type Server = keyof typeof SERVERS;

interface Round {
  readonly mibPerSecond: number;
  readonly cpuMsPerGib: number;
  readonly residentBytes: number;
}

/**
 * One writer, one reader, and either the engine or a bare relay between the same ends: rounds of both alternate, so
 * that what else the machine does meets both.
 */
export async function benchChannel(options: ChannelBenchOptions): Promise<string> {
  const rows: string[][] = [];
  for (const driver of await usableDrivers(options.drivers, options.tell)) {
    const results: Record<Server, Round[]> = { relay: [], engine: [] };
    for (let round = 1; round <= options.rounds; round++) {
      for (const server of ['relay', 'engine'] as const) {
        const result = await transfer(server, driver, round, options);
        results[server].push(result);
        options.tell(`${driver} round ${round} ${server}: ${result.mibPerSecond.toFixed(0)} MiB/s`);
      }
    }
    const [relay, engine] = [summary(results.relay), summary(results.engine)];
    rows.push([
      driver,
      relay.mibPerSecond.toFixed(0),
      engine.mibPerSecond.toFixed(0),
      `${((100 * engine.mibPerSecond) / relay.mibPerSecond).toFixed(0)} %`,
      `${relay.cpuMsPerGib.toFixed(0)} / ${engine.cpuMsPerGib.toFixed(0)}`,
      (engine.residentBytes / MIB).toFixed(0),
    ]);
  }
  const titles = [
    'driver',
    'relay MiB/s',
    'engine MiB/s',
    'ratio',
    'CPU ms/GiB relay / engine',
    'engine RSS MiB',
  ];
  return table(titles, rows);
}

async function transfer(
  server: Server,
  driver: Driver,
  round: number,
  options: ChannelBenchOptions,
): Promise<Round> {
  const { totalBytes, chunkBytes, profile } = options;
  await using running = new Running();
  const target =
    server === 'relay' || profile === undefined
      ? undefined
      : { directory: profile, name: `channel-${driver}-${round}` };
  const between = running.start(server, SERVERS[server], [driver], target);
  const { port } = await between.report<{ port: number }>();
  const address = `ws://127.0.0.1:${port}`;
  await using refs = await refsFor(server, address);
  const reader = running.start('reader', 'channel/reader.ts', [address, JSON.stringify(refs.reader)]);
  await reader.report<'ready'>();
  const before = await between.usage();
  const sizes = [String(totalBytes), String(chunkBytes)];
  running.start('writer', 'channel/writer.ts', [address, JSON.stringify(refs.writer), ...sizes]);
  const { bytes, ms } = await reader.report<Transferred>();
  if (bytes < totalBytes) throw new Error(`only ${bytes} of ${totalBytes} bytes arrived`);
  const after = await between.usage();
  return {
    mibPerSecond: bytes / MIB / (ms / 1_000),
    cpuMsPerGib: ((after.cpuMs - before.cpuMs) * 1024 * MIB) / bytes,
    residentBytes: after.residentBytes,
  };
}

interface Refs extends AsyncDisposable {
  readonly writer: StreamChannelRef;
  readonly reader: StreamChannelRef;
}

async function refsFor(server: Server, address: string): Promise<Refs> {
  if (server === 'relay') {
    const channel_id = randomUUID();
    const access_key = 'none';
    return {
      writer: { channel_id, access_key, direction: 'write' },
      reader: { channel_id, access_key, direction: 'read' },
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const client = registerWorker(address, { workerName: 'bench', otel: { enabled: false } });
  const { writerRef, readerRef } = await createChannel(client);
  return { writer: writerRef, reader: readerRef, [Symbol.asyncDispose]: () => client.shutdown() };
}

function summary(rounds: readonly Round[]): Round {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  return {
    mibPerSecond: of((round) => round.mibPerSecond),
    cpuMsPerGib: of((round) => round.cpuMsPerGib),
    residentBytes: of((round) => round.residentBytes),
  };
}
