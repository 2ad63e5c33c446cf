import { ListenerError } from './errors.js';
import type { Audience, DriverChoice, DriverName } from './types.js';
import { findUws, loadUws, type UwsBuild } from './uws/load.js';

/** Whether uWebSockets.js can serve here: which build of it, or why not. */
export type UwsReport =
  | { readonly available: true; readonly build: UwsBuild; readonly version: string }
  | { readonly available: false; readonly reason: string };

export interface DriverReport {
  readonly node: { readonly available: true };
  readonly uws: UwsReport;
}

/** Which drivers can be used here. Loads uWebSockets.js to be sure; prints nothing. */
export async function driverReport(): Promise<DriverReport> {
  const loaded = await loadUws(findUws());
  if (!loaded.available) return { node: { available: true }, uws: loaded };
  const { build, version } = loaded;
  return { node: { available: true }, uws: { available: true, build, version } };
}

/**
 * The driver of a port.
 * @throws ListenerError `driver_unavailable` when uws was asked for by name and cannot serve.
 */
export function chooseDriver(choice: DriverChoice, audience: Audience, uws: UwsReport): DriverName {
  if (choice === 'node') return 'node';
  if (choice === 'uws') {
    if (uws.available) return 'uws';
    throw new ListenerError('driver_unavailable', `driver 'uws' cannot be used (${uws.reason})`);
  }
  if (!uws.available) return 'node';
  return audience === 'workers' || uws.build === 'official' ? 'uws' : 'node';
}
