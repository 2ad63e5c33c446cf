import { afterEach, describe } from 'vitest';
import { driverReport } from '../drivers.js';
import { listen } from '../listen.js';
import { startNode } from '../node/server.js';
import { resolveSettings, type Settings } from '../settings.js';
import type { DriverName, Listener, ListenOptions } from '../types.js';
import { findUws, loadUws } from '../uws/load.js';
import { uwsDriver } from '../uws/server.js';

/** One driver under test. Listeners started through it are closed after the test. */
export interface DriverUnderTest {
  readonly name: DriverName;
  /** Through the public door, on port 0 and answering 404 unless told otherwise. */
  listen(options?: Partial<ListenOptions>): Promise<Listener>;
  /** Past the public door, with settings users do not have. */
  listenWith(options: Partial<ListenOptions>, settings: Partial<Settings>): Promise<Listener>;
}

const asked = process.env.III_LISTENER;
const { uws } = await driverReport();

/** Runs a suite against both drivers, or against the one that III_LISTENER names. */
export function describeDrivers(title: string, suite: (driver: DriverUnderTest) => void): void {
  for (const name of ['uws', 'node'] as const) {
    if (asked !== undefined && asked !== name) continue;
    if (name === 'uws' && !uws.available) {
      describe.skip(`${title} [uws skipped: ${uws.reason}]`, () => suite(underTest(name)));
    } else {
      describe(`${title} [${name}]`, () => suite(underTest(name)));
    }
  }
}

/** Why tests that need uws beside node cannot run here; undefined when they can. */
export const bothDriversMissing: string | undefined = uws.available ? undefined : uws.reason;

function underTest(name: DriverName): DriverUnderTest {
  const open: Listener[] = [];
  afterEach(async () => {
    await Promise.all(open.splice(0).map((listener) => listener.close()));
  });
  const keep = (listener: Listener): Listener => {
    open.push(listener);
    return listener;
  };
  return {
    name,
    listen: async (options = {}) => keep(await listen({ ...defaults, driver: name, ...options })),
    async listenWith(options, settings) {
      const resolved = { ...(await resolveSettings({ ...defaults, ...options })), ...settings };
      return keep(await startDriver(name, resolved));
    },
  };
}

async function startDriver(name: DriverName, settings: Settings): Promise<Listener> {
  if (name === 'node') return startNode(settings);
  const loaded = await loadUws(findUws());
  if (!loaded.available) throw new Error(loaded.reason);
  return uwsDriver(loaded.module)(settings);
}

const defaults: ListenOptions = { port: 0, onRequest: (_request, response) => response.send(404) };
