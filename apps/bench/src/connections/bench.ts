import { usableDrivers } from '../drivers.js';
import type { BenchOptions } from '../options.js';
import { Gathering, type Result } from '../report/result.js';
import { Running } from '../running.js';
import type { HoldTask } from './holder.js';

export interface ConnectionsBenchOptions extends BenchOptions {
  readonly connections: number;
  /** Milliseconds in which nothing happens. */
  readonly quietMs: number;
}

/** Connections of one process; a port of the loopback takes some 28,000 from one address. */
const PER_PROCESS = 2_500;

/** Workers that are connected and silent: what each costs in memory, and all of them in processor time. */
export async function benchConnections(options: ConnectionsBenchOptions): Promise<Result> {
  const { connections, quietMs, rounds, tell } = options;
  const gathering = new Gathering();
  for (const driver of await usableDrivers(options.drivers, tell)) {
    for (let round = 1; round <= rounds; round++) {
      for (const server of ['relay', 'engine'] as const) {
        await using running = new Running();
        const file = server === 'engine' ? 'engine-process.ts' : 'connections/bare-server.ts';
        const role = running.start(server, file, [driver]);
        const { port } = await role.report<{ port: number }>();
        const before = await role.usage();
        const begin = performance.now();
        let left = connections;
        while (left > 0) {
          const count = Math.min(left, PER_PROCESS);
          const holder = running.start('holder', 'connections/holder.ts', [`ws://127.0.0.1:${port}/`]);
          await holder.ask<'held'>({ count } satisfies HoldTask);
          left -= count;
        }
        const ms = performance.now() - begin;
        const held = await role.usage();
        await new Promise((resolve) => setTimeout(resolve, quietMs));
        const later = await role.usage();
        gathering.add(server === 'engine' ? `iii (${driver})` : `bare server (${driver})`, {
          kibEach: (held.residentBytes - before.residentBytes) / 1024 / connections,
          residentMiB: held.residentBytes / 1024 / 1024,
          perSecond: connections / (ms / 1_000),
          connectUs: ((held.cpuMs - before.cpuMs) * 1_000) / connections,
          idlePercent: ((later.cpuMs - held.cpuMs) / quietMs) * 100,
        });
        tell(`${driver} round ${round} ${server}: ${connections} connections`);
      }
    }
  }
  return {
    bench: 'connections',
    sections: [
      {
        title: `${connections} workers, connected and idle`,
        figures: [
          { key: 'kibEach', title: 'KiB each', digits: 1 },
          { key: 'residentMiB', title: 'RSS MiB', digits: 0 },
          { key: 'perSecond', title: 'connected/s', digits: 0 },
          { key: 'connectUs', title: 'CPU µs to connect', digits: 0 },
          { key: 'idlePercent', title: 'CPU % idle', digits: 1 },
        ],
        series: gathering.series(),
      },
    ],
    verdicts: [],
  };
}
