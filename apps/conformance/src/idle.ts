import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { EngineProcess } from './engine-process.js';
import { HeapProbe } from './heap-probe.js';
import { Wire } from './wire.js';

/** Bytes of the engine process: as the system sees it, and once all garbage is collected. */
export interface Footprint {
  readonly raw: number;
  readonly resident: number;
  readonly heap: number;
}

export interface IdleReport {
  readonly before: Footprint;
  readonly during: Footprint;
  readonly after: Footprint;
  /** Growth of resident memory for a connection, with the garbage of connecting and without. */
  readonly rawBytesEach: number;
  readonly residentBytesEach: number;
  /** What listings saw. */
  readonly listed: number;
  readonly left: number;
}

/** Connections that have run all code once. */
const WARM_UP = 200;

/**
 * What many connections that do nothing cost the engine.
 *
 * @param engine started with `PROBED`.
 */
export async function idleConnections(
  engine: EngineProcess,
  connections: number,
  progress: (line: string) => void = () => {},
): Promise<IdleReport> {
  const asker = await Wire.connect(engine.url);
  const probe = await HeapProbe.connect(engine);
  const footprint = async (when: string): Promise<Footprint> => {
    const raw = engine.residentBytes;
    const { resident, heap } = await probe.measure();
    progress(`${when}: ${mib(raw)} MiB resident, ${mib(resident)} without garbage, heap ${mib(heap)}`);
    return { raw, resident, heap };
  };
  try {
    // The code and the caches any load makes the process keep are not what a connection costs.
    const warmUp = await hold(engine.url, WARM_UP);
    await counted(asker, WARM_UP);
    await warmUp();
    await counted(asker, 0);
    const before = await footprint('before');
    const release = await hold(engine.url, connections);
    const during = await footprint(`with ${connections} connections`);
    const listed = await counted(asker, connections);
    await release();
    const left = await counted(asker, 0);
    const after = await footprint('after');
    const each = (bytes: number) => (bytes - before.resident) / connections;
    return {
      before,
      during,
      after,
      rawBytesEach: each(during.raw),
      residentBytesEach: each(during.resident),
      listed,
      left,
    };
  } finally {
    probe.close();
    asker.socket.terminate();
  }
}

/** Opens connections from a process of their own; the result ends them. */
async function hold(url: string, connections: number): Promise<() => Promise<void>> {
  const script = path.resolve(import.meta.dirname, '../workers/idle-clients.mjs');
  const child = spawn(process.execPath, [script, url, String(connections)], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const first = await Promise.race([once(child, 'message'), once(child, 'exit')]);
  if (first[0] !== 'ready') throw new Error(`the idle clients ended with ${String(first[0])}`);
  return async () => {
    const ended = once(child, 'exit');
    child.send('leave');
    await ended;
  };
}

/** Waits until the engine lists so many idle workers. */
async function counted(asker: Wire, expected: number): Promise<number> {
  for (;;) {
    const { result } = await asker.call('engine::workers::list', { search: 'idle-' });
    asker.texts.length = 0;
    const { workers } = result as { workers: unknown[] };
    if (workers.length === expected) return workers.length;
    await pause(20);
  }
}

export function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}
