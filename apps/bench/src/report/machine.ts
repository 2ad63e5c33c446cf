import os from 'node:os';
import { driverReport } from 'iii-listener';

/** What figures were taken on, without anything that names the machine. */
export interface Machine {
  readonly processor: string;
  readonly processors: number;
  readonly memoryMiB: number;
  readonly system: string;
  readonly node: string;
  readonly uws: string;
  /** Processes that wanted to run, averaged over a minute, when the benchmark began. Above 1 it was not quiet. */
  readonly load: number;
}

export async function describeMachine(): Promise<Machine> {
  const { uws } = await driverReport();
  return {
    processor: os.cpus()[0]?.model.trim() ?? 'unknown',
    processors: os.availableParallelism(),
    memoryMiB: Math.round(os.totalmem() / 1024 / 1024),
    system: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    uws: uws.available ? `${uws.build} ${uws.version}` : `none (${uws.reason})`,
    load: Math.round((os.loadavg()[0] ?? 0) * 100) / 100,
  };
}

export function renderMachine(machine: Machine): string {
  const { processor, processors, memoryMiB, system, node, uws, load } = machine;
  const busy =
    load > 1
      ? `, which was busy with other work (load ${load}): take no figure of it for more than a hint`
      : '';
  return `${processors} x ${processor}, ${memoryMiB} MiB, ${system}, Node ${node}, uWebSockets.js ${uws}${busy}`;
}
