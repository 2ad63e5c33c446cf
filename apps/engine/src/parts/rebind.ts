import { errorOf, isAddressInUse, neither } from './part.js';

/** An address to leave and one to go to. */
export interface Rebinding<Bound> {
  /** The port that is bound, which tells more than a configured 0. */
  readonly port: number;
  /** The port to bind. */
  readonly toPort: number;
  /** Whether both addresses can be bound at a time, as far as one can tell. */
  readonly isElsewhere: boolean;
  open(): Promise<Bound>;
  /** Closes the old one. */
  release(): Promise<void>;
  /** Told before the old one closes with nothing in its place. */
  gap(): void;
  /** Opens the old one again. */
  restore(): Promise<Bound>;
}

export type Rebound<Bound> =
  | { readonly kind: 'moved'; readonly bound: Bound }
  /** `bound` is there where the old one had to be opened anew. */
  | { readonly kind: 'kept'; readonly bound?: Bound; readonly error: Error }
  | { readonly kind: 'lost'; readonly error: Error };

/**
 * Opens the new address before the old one closes; where they overlap (the same port on all addresses instead of one,
 * another driver) the old one closes first, and is opened again when the new one cannot be (§4.8).
 */
export async function rebind<Bound>(rebinding: Rebinding<Bound>): Promise<Rebound<Bound>> {
  const { port, toPort, isElsewhere, open, release, gap, restore } = rebinding;
  if (isElsewhere) {
    const bound = await open().catch(errorOf);
    if (!(bound instanceof Error)) {
      await release();
      return { kind: 'moved', bound };
    }
    if (!isAddressInUse(bound) || toPort !== port) return { kind: 'kept', error: bound };
  }
  gap();
  await release();
  try {
    return { kind: 'moved', bound: await open() };
  } catch (failure) {
    try {
      return { kind: 'kept', bound: await restore(), error: errorOf(failure) };
    } catch (restoring) {
      return { kind: 'lost', error: neither(failure, restoring) };
    }
  }
}
