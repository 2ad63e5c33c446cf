import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { House, loadPlan, VERSION } from 'iii-server';
import { tellUsage } from '../role-process.js';

/** The engine as it is deployed, with a port for workers and iii-http in the same process, both on one driver. */
const [driver = ''] = process.argv.slice(2);

const CONFIG = `
workers:
  - name: iii-worker-manager
    config: { port: 0 }
  - name: iii-http
    config: { port: 0, driver: ${driver} }
`;

const log = {
  debug: () => {},
  info: () => {},
  warn: (_: object, message: string) => void process.stderr.write(`engine: ${message}\n`),
  error: (_: object, message: string) => void process.stderr.write(`engine: ${message}\n`),
  child: () => log,
};

const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-'));
const file = path.join(directory, 'config.yaml');
writeFileSync(file, CONFIG);
const { plan } = await loadPlan(file, { env: {}, version: VERSION, tell: () => {} });
rmSync(directory, { recursive: true });
const house = await House.start(plan, { version: VERSION, log, driver: driver as 'uws' | 'node' });
const [workers] = house.listeners;
const [http] = house.endpoints;

tellUsage();
process.send?.({
  driver: `${workers?.driver}/${http?.driver}`,
  workers: workers?.port,
  http: Number(http?.address.split(':').at(-1)),
});
