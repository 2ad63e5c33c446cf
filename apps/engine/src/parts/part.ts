import { ListenerError } from 'iii-listener';
import type { Declared } from '../diff.js';

/**
 * How a change ended. `done`: as wanted. `kept`: it failed, and what ran before runs again or still. `lost`: it
 * failed, and what ran before could not be brought back either, or there was nothing before.
 */
export type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'kept'; readonly error: Error }
  | { readonly kind: 'lost'; readonly error: Error };

export const DONE: Outcome = { kind: 'done' };

/** Something of the configuration that runs. */
export interface Part<Planned extends Declared> {
  /** What it runs with. */
  readonly planned: Planned;
  /** False for as long as a change leaves a gap. */
  readonly isRunning: boolean;
  /** Never rejects. */
  change(to: Planned): Promise<Outcome>;
  stop(): Promise<void>;
}

/** What was thrown, as an error. */
export function errorOf(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}

/** A failure that nothing could be done about: neither the new nor the old can run. */
export function neither(failure: unknown, restoring: unknown): Error {
  const message = `${errorOf(failure).message}; going back failed too: ${errorOf(restoring).message}`;
  return new Error(message, { cause: failure });
}

/** Whether something failed because a port is taken, however deep that is wrapped. */
export function isAddressInUse(thrown: unknown): boolean {
  for (let at = thrown; at instanceof Error; at = at.cause) {
    if (at instanceof ListenerError && at.code === 'address_in_use') return true;
  }
  return false;
}
