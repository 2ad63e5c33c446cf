import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { House, loadPlan, VERSION } from 'iii-server';
import { tellUsage } from '../role-process.js';

/** The engine as it is deployed, with iii-state in the same process, durable as it is by default. */
const [driver = ''] = process.argv.slice(2);

const CONFIG = `
workers:
  - name: iii-worker-manager
    config: { port: 0 }
  - name: iii-state
`;

const log = {
  debug: () => {},
  info: () => {},
  warn: (_: object, message: string) => void process.stderr.write(`engine: ${message}\n`),
  error: (_: object, message: string) => void process.stderr.write(`engine: ${message}\n`),
  child: () => log,
};

const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
const file = path.join(directory, 'config.yaml');
writeFileSync(file, CONFIG);
const { plan } = await loadPlan(file, { env: {}, version: VERSION, tell: () => {} });
const house = await House.start(plan, { version: VERSION, log, driver: driver as 'uws' | 'node' });

tellUsage();
process.send?.({ port: house.listeners[0]?.port, directory });
