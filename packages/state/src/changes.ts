import type { RawJson } from 'iii-protocol';
import type { Address, Draft, Entry, StateAdapter } from './adapter.js';

/** What became of an address, for those who watch it. */
export interface Change extends Address {
  readonly before: RawJson | undefined;
  readonly after: RawJson | undefined;
  /** Deleted because its time was over. */
  readonly expired: boolean;
}

/** A draft in which nothing that has expired is to be seen, and which remembers what happened. */
export class RecordedDraft {
  readonly changes: Change[] = [];
  /** The earliest expiry that was set. */
  expiresFirst = Number.POSITIVE_INFINITY;

  constructor(
    private readonly draft: Draft,
    private readonly now: number,
  ) {}

  read(address: Address): Entry | undefined {
    const entry = this.draft.read(address);
    if (entry === undefined || !hasExpired(entry, this.now)) return entry;
    this.draft.delete(address);
    this.#record(address, entry.value, undefined, true);
    return undefined;
  }

  write(address: Address, value: RawJson, expiresAt?: number): Entry {
    const before = this.read(address);
    const entry = this.draft.write(address, value, expiresAt);
    if (expiresAt !== undefined) this.expiresFirst = Math.min(this.expiresFirst, expiresAt);
    this.#record(address, before?.value, entry.value);
    return entry;
  }

  /** Also the deletion of what is not there is something that happened (§1.4). */
  delete(address: Address): void {
    const before = this.read(address);
    this.draft.delete(address);
    this.#record(address, before?.value, undefined);
  }

  #record(
    { scope, key }: Address,
    before: RawJson | undefined,
    after: RawJson | undefined,
    expired = false,
  ): void {
    this.changes.push({ scope, key, before, after, expired });
  }
}

export function hasExpired({ expiresAt }: Pick<Entry, 'expiresAt'>, now: number): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

export interface ChangesOptions {
  readonly adapter: StateAdapter;
  readonly now: () => number;
  /** Told what happened once it is durable: for each address in the order in which it did. */
  readonly happened: (changes: readonly Change[]) => void;
  /** Told that something expires at that time. */
  readonly expires: (at: number) => void;
}

/** The one way to write. */
export class Changes {
  constructor(private readonly options: ChangesOptions) {}

  /** As `change` of the adapter. */
  async make<T>(addresses: readonly Address[], decide: (draft: RecordedDraft) => T): Promise<T> {
    const { adapter, now, happened, expires } = this.options;
    const [result, draft] = await adapter.change(addresses, (bare) => {
      const recorded = new RecordedDraft(bare, now());
      return [decide(recorded), recorded] as const;
    });
    happened(draft.changes);
    if (draft.expiresFirst !== Number.POSITIVE_INFINITY) expires(draft.expiresFirst);
    return result;
  }
}
