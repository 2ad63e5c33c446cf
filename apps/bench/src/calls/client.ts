import { registerWorker as registerOwn } from 'iii-sdk';
import { registerWorker as registerOfficial } from 'official-iii-sdk';

export type ClientKind = 'own' | 'official';

export const ECHO = 'bench::echo';

/** What both clients have in common, as far as it is needed here. */
export interface Client {
  registerFunction(id: string, handler: (payload: unknown) => Promise<unknown>): unknown;
  trigger(call: { readonly function_id: string; readonly payload: unknown }): Promise<unknown>;
}

/** A worker of either SDK, without telemetry. */
export function connect(kind: ClientKind, address: string, workerName: string): Client {
  const options = { workerName, otel: { enabled: false } };
  return kind === 'own' ? registerOwn(address, options) : registerOfficial(address, options);
}
