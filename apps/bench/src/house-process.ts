import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DriverName } from 'iii-listener';
import { House, loadPlan, prepareHeap, VERSION } from 'iii-server';

const log = {
  debug: () => {},
  info: () => {},
  warn: (_: object, message: string) => void process.stderr.write(`engine: ${message}\n`),
  error: (_: object, message: string) => void process.stderr.write(`engine: ${message}\n`),
  child: () => log,
};

/** The engine as it is deployed, with a port for workers and others in the same process. Ends with the process. */
export async function openHouse(
  driver: DriverName,
  workers: string,
): Promise<{ readonly house: House; readonly directory: string }> {
  prepareHeap();
  const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const file = path.join(directory, 'config.yaml');
  writeFileSync(file, `workers:\n  - name: iii-worker-manager\n    config: { port: 0 }\n${workers}`);
  const { plan } = await loadPlan(file, { env: {}, version: VERSION, tell: () => {} });
  return { house: await House.start(plan, { version: VERSION, log, driver }), directory };
}
