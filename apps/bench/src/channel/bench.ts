import { randomUUID } from 'node:crypto';
import { driverReport } from 'iii-listener';
import { registerWorker } from 'iii-sdk';
import type { StreamChannelRef } from 'iii-sdk/channel';
import { createChannel } from 'iii-sdk/helpers';
import { RoleProcess } from '../role-process.js';
import { median, table } from '../text.js';
import type { Transferred } from './reader.js';

const MIB = 1024 * 1024;

export interface ChannelBenchOptions {
  readonly drivers: ReadonlyArray<'uws' | 'node'>;
  readonly chunkBytes: number;
  readonly totalBytes: number;
  readonly rounds: number;
  readonly tell: (line: string) => void;
}

type Server = 'relay' | 'engine';

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
  const { uws } = await driverReport();
  const rows: string[][] = [];
  for (const driver of options.drivers) {
    if (driver === 'uws' && !uws.available) {
      options.tell(`uws is skipped: ${uws.reason}`);
      continue;
    }
    const results: Record<Server, Round[]> = { relay: [], engine: [] };
    for (let round = 1; round <= options.rounds; round++) {
      for (const server of ['relay', 'engine'] as const) {
        const result = await transfer(server, driver, options);
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

async function transfer(server: Server, driver: string, options: ChannelBenchOptions): Promise<Round> {
  const { totalBytes, chunkBytes } = options;
  const between = RoleProcess.start(server, new URL(`${server}.ts`, import.meta.url), [driver]);
  const started: RoleProcess[] = [between];
  let release = async () => {};
  try {
    const { port } = await between.report<{ port: number }>();
    const address = `ws://127.0.0.1:${port}`;
    const refs = await refsFor(server, address);
    release = refs.release;
    const reader = RoleProcess.start('reader', new URL('reader.ts', import.meta.url), [
      address,
      JSON.stringify(refs.reader),
    ]);
    started.push(reader);
    await reader.report<'ready'>();
    const before = await between.usage();
    started.push(
      RoleProcess.start('writer', new URL('writer.ts', import.meta.url), [
        address,
        JSON.stringify(refs.writer),
        String(totalBytes),
        String(chunkBytes),
      ]),
    );
    const { bytes, ms } = await reader.report<Transferred>();
    if (bytes < totalBytes) throw new Error(`only ${bytes} of ${totalBytes} bytes arrived`);
    const after = await between.usage();
    return {
      mibPerSecond: bytes / MIB / (ms / 1_000),
      cpuMsPerGib: ((after.cpuMs - before.cpuMs) * 1024 * MIB) / bytes,
      residentBytes: after.residentBytes,
    };
  } finally {
    await release();
    await Promise.all(started.map((role) => role.stop()));
  }
}

interface Refs {
  readonly writer: StreamChannelRef;
  readonly reader: StreamChannelRef;
  release(): Promise<void>;
}

async function refsFor(server: Server, address: string): Promise<Refs> {
  if (server === 'relay') {
    const channel_id = randomUUID();
    const access_key = 'none';
    return {
      writer: { channel_id, access_key, direction: 'write' },
      reader: { channel_id, access_key, direction: 'read' },
      release: async () => {},
    };
  }
  const client = registerWorker(address, { workerName: 'bench', otel: { enabled: false } });
  const { writerRef, readerRef } = await createChannel(client);
  return { writer: writerRef, reader: readerRef, release: () => client.shutdown() };
}

function summary(rounds: readonly Round[]): Round {
  const of = (pick: (round: Round) => number) => median(rounds.map(pick));
  return {
    mibPerSecond: of((round) => round.mibPerSecond),
    cpuMsPerGib: of((round) => round.cpuMsPerGib),
    residentBytes: of((round) => round.residentBytes),
  };
}
