import type { RawJson } from 'iii-protocol';

/** Where a value is kept. Both parts are any text, the empty one included. */
export interface Address {
  readonly scope: string;
  readonly key: string;
}

/** Unlike for unlike addresses: the length tells where the scope ends. */
export function addressName({ scope, key }: Address): string {
  return `${scope.length}:${scope}${key}`;
}

/** What is kept under an address. */
export interface Entry {
  readonly value: RawJson;
  /** Grows with every write of the address, also across a deletion, and is never used twice. At least 1. */
  readonly version: number;
  /** Milliseconds since the epoch from which on the value does not count any more. */
  readonly expiresAt: number | undefined;
}

export type Item = Address & Entry;

/** The addresses of one change as they are while it is made: reads see what it wrote before. */
export interface Draft {
  read(address: Address): Entry | undefined;
  /** @returns what is kept there from now on. An address that had a value keeps its place in lists. */
  write(address: Address, value: RawJson, expiresAt?: number): Entry;
  /** Nothing where there is nothing. */
  delete(address: Address): void;
}

/** Called with one item after the other; false ends it. */
export type Visit = (item: Item) => boolean;

export interface ScanRange {
  /** Only keys that begin with this. */
  readonly prefix: string;
  /** Only keys behind this one, by the order of their UTF-8 bytes. */
  readonly after: string | undefined;
}

/**
 * The storage behind the worker. It keeps values and their expiry; what has expired is still there until somebody
 * deletes it, and whether it counts is the worker's to say. Every adapter passes the suite in `adapter-suite.ts`.
 *
 * Every method rejects with what the storage said when it fails, and has had no effect then.
 */
export interface StateAdapter {
  /** For people, for instance `kv in /var/lib/iii`. */
  readonly description: string;
  /**
   * What is kept there. Changes made before count, whether they are durable yet or not, and are durable when this
   * resolves: nobody sees what a crash takes back.
   */
  read(address: Address): Promise<Entry | undefined>;
  /**
   * Reads, decides and writes as one step that nothing comes between. `decide` is called at once and may be called
   * again, so it has no effects but those on the draft, and asks it for none but these addresses. What it throws is
   * thrown on, and nothing is changed.
   *
   * Resolves when the outcome is durable. Changes of one address take effect and resolve in the order they were made.
   */
  change<T>(addresses: readonly Address[], decide: (draft: Draft) => T): Promise<T>;
  /** The items of a scope, in the order in which their keys were first written. Sees what {@link read} would. */
  list(scope: string, visit: Visit): Promise<void>;
  /** The items of a scope, in the order of the bytes of their keys. Sees what {@link read} would. */
  scan(scope: string, range: ScanRange, visit: Visit): Promise<void>;
  /** The scopes that have a key, in the order of their bytes. */
  scopes(): Promise<string[]>;
  /** Items that expire, the first ones first, until `visit` says it is enough. Only what is durable already. */
  expiring(visit: (item: Address & { readonly expiresAt: number }) => boolean): Promise<void>;
  /** Resolves once every change is durable or has failed, and nothing is held any more. */
  close(): Promise<void>;
}
