import type { WorkerListener } from 'iii-engine';
import type { Log } from 'iii-protocol';

/** Says where workers can connect, and what somebody should know about it. */
export function announceListener({ address, driver, host }: WorkerListener, log: Log): void {
  log.info({}, `workers on ws://${address} (driver ${driver})`);
  if (isLoopback(host)) return;
  log.warn({}, `anyone who reaches ${address} can be a worker: no access rules are set for this port`);
}

export function announceExternal(names: readonly string[], log: Log): void {
  for (const name of names) {
    log.warn({}, `worker "${name}" is not started by this engine: start it yourself, it will connect`);
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
