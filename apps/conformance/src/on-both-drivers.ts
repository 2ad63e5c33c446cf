import { readFileSync } from 'node:fs';
import path from 'node:path';
import { driverReport } from 'iii-listener';
import { afterAll, afterEach, beforeAll, describe, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { type Driver, EngineProcess, type EngineProcessOptions } from './engine-process.js';
import { type OfficialClient, type OfficialOptions, registerOfficial } from './official.js';
import { TcpProxy } from './proxy.js';
import { Wire } from './wire.js';

const KNOWN_FAILURES = new Set(
  readFileSync(path.resolve(import.meta.dirname, '../known-failures.txt'), 'utf8')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#')),
);

/** What a conformance test works with. Everything made through it ends with the test. */
export interface Bench {
  readonly engine: EngineProcess;
  readonly driver: Driver;
  /** An official client, connected under the name; `url` leads elsewhere than straight to the engine. */
  official(name: string, options?: OfficialOptions, url?: string): OfficialClient;
  /** A way to the engine that can be cut; what it draws follows from the seed. */
  proxy(seed?: number): Promise<TcpProxy>;
  /** A plain socket. */
  wire(path?: string, headers?: Record<string, string>): Promise<Wire>;
  /** A plain socket that has announced itself as a worker. */
  worker(name: string, announcement?: object): Promise<Wire>;
}

type Check = (title: string, body: () => Promise<void>, timeoutMs?: number) => void;

/** The drivers to test with that work here. */
export async function availableDrivers(): Promise<Driver[]> {
  return (await choices()).filter(({ why }) => why === undefined).map(({ driver }) => driver);
}

async function choices(): Promise<Array<{ driver: Driver; why?: string }>> {
  const asked = process.env.III_LISTENER;
  const { uws } = await driverReport();
  const all: Array<{ driver: Driver; why?: string }> = [
    { driver: 'node' },
    uws.available ? { driver: 'uws' } : { driver: 'uws', why: uws.reason },
  ];
  return all.filter(({ driver }) => asked === undefined || asked === '' || asked === driver);
}

/** Resolves once the engine knows of no worker outside of its process, so that nothing of theirs is left. */
async function emptied(engine: EngineProcess): Promise<void> {
  const wire = await Wire.open(new WebSocket(engine.url));
  const { worker_id } = await wire.frame(({ type }) => type === 'workerregistered');
  for (;;) {
    const { result } = await wire.call('engine::workers::list', { include_all: true });
    const { workers } = result as { workers: Array<{ id: string; runtime: string | null }> };
    if (workers.every(({ id, runtime }) => runtime === 'engine' || id === worker_id)) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  wire.socket.close();
  await wire.closed();
}

/** Runs a suite against the `iii` command, once on each driver that `III_LISTENER` does not exclude. */
export async function onBothDrivers(
  title: string,
  suite: (bench: Bench, check: Check) => void,
  options: Omit<EngineProcessOptions, 'driver'> = {},
): Promise<void> {
  for (const { driver, why } of await choices()) {
    describe.skipIf(why !== undefined)(
      `${title} on ${driver}${why === undefined ? '' : ` (skipped: ${why})`}`,
      () => {
        let engine: EngineProcess | undefined;
        const open: Array<() => Promise<void> | void> = [];

        beforeAll(async () => {
          for (const method of ['debug', 'log', 'warn'] as const) {
            vi.spyOn(console, method).mockImplementation(() => {});
          }
          engine = await EngineProcess.start({ ...options, driver });
        });

        afterEach(async () => {
          for (const close of open.splice(0).reverse()) await close();
          // A client is gone before the engine knows it, and the next test must not find what this one offered.
          if (engine !== undefined) await emptied(engine);
        });

        afterAll(async () => {
          await engine?.stop();
          vi.restoreAllMocks();
        });

        const bench: Bench = {
          get engine() {
            if (engine === undefined) throw new Error('the engine has not started');
            return engine;
          },
          driver,
          official: (name, officialOptions, url = bench.engine.url) => {
            const client = registerOfficial(url, name, officialOptions);
            open.push(() => client.shutdown());
            return client;
          },
          proxy: async (seed) => {
            const proxy = await TcpProxy.start(bench.engine.url, seed);
            open.push(() => proxy.stop());
            return proxy;
          },
          wire: async (at = '/', headers = {}) => {
            const socket = new WebSocket(bench.engine.url + at, { headers });
            open.push(() => socket.terminate());
            return Wire.open(socket);
          },
          worker: async (name, announcement = {}) => {
            const wire = await bench.wire();
            wire.announce({ name, runtime: 'node', version: '0.22.1', pid: 1, ...announcement });
            await wire.frame((frame) => frame.type === 'workerregistered');
            return wire;
          },
        };

        const check: Check = (name, body, timeoutMs) => {
          const isKnown = KNOWN_FAILURES.has(name) || KNOWN_FAILURES.has(`${name} on ${driver}`);
          const run = isKnown ? it.fails : it;
          run(name, body, timeoutMs);
        };
        suite(bench, check);
      },
    );
  }
}
