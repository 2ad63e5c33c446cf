import type { Store, Entry as StoreEntry, Transaction } from 'iii-storage';
import type { Address, Draft, Entry, Item, ScanRange, StateAdapter, Visit } from '../adapter.js';
import { KvDraft } from './kv-draft.js';
import { addressOf, allExpiry, allValues, expiryOf, placesOf, valueKey, valuesOf } from './layout.js';
import { decodeRecord } from './record.js';
import { UnsettledChanges } from './unsettled-changes.js';
import { Versions } from './versions.js';

/** Scopes that are looked up in one go; others get their turn in between. */
const SCOPES_AT_ONCE = 1_000;

/** State in a store of this project: in a directory, or in memory. It owns the store. */
export class KvAdapter implements StateAdapter {
  readonly #versions = new Versions();
  readonly #unsettled = new UnsettledChanges();

  constructor(
    private readonly store: Store,
    readonly description: string,
  ) {}

  async read(address: Address): Promise<Entry | undefined> {
    const key = valueKey(address);
    const record = this.#unsettled.concern(address)
      ? await this.store.transaction((tx) => tx.get(key))
      : this.store.get(key);
    return record && decodeRecord(record);
  }

  async change<T>(addresses: readonly Address[], decide: (draft: Draft) => T): Promise<T> {
    const settled = this.#unsettled.add(addresses);
    try {
      const [draft, result] = await this.store.transaction((tx) => {
        const made = new KvDraft(tx, this.#versions);
        return [made, decide(made)] as const;
      });
      if (draft.ceiling !== undefined) this.#versions.settle(draft.ceiling);
      return result;
    } finally {
      settled();
    }
  }

  async list(scope: string, visit: Visit): Promise<void> {
    await this.#settle();
    for (const [, key] of this.store.range(placesOf(scope))) {
      const record = this.store.get(key);
      if (record === undefined) continue;
      if (!visit(itemOf(addressOf(key), decodeRecord(record)))) return;
    }
  }

  async scan(scope: string, { prefix, after }: ScanRange, visit: Visit): Promise<void> {
    await this.#settle();
    const { to } = valuesOf(scope);
    const first = after !== undefined && Buffer.compare(Buffer.from(after), Buffer.from(prefix)) >= 0;
    const from = valueKey({ scope, key: first ? after : prefix });
    for (const [key, record] of this.store.range({ from, to })) {
      const address = addressOf(key);
      if (address.key === after) continue;
      if (!address.key.startsWith(prefix)) return;
      if (!visit(itemOf(address, decodeRecord(record)))) return;
    }
  }

  async scopes(): Promise<string[]> {
    await this.#settle();
    const scopes: string[] = [];
    let { from } = allValues;
    for (;;) {
      const next = first(this.store.range({ from, to: allValues.to }));
      if (next === undefined) return scopes;
      const { scope } = addressOf(next[0]);
      scopes.push(scope);
      from = valuesOf(scope).to;
      if (scopes.length % SCOPES_AT_ONCE === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  async expiring(visit: (item: Address & { readonly expiresAt: number }) => boolean): Promise<void> {
    for (const [key, value] of this.store.range(allExpiry)) {
      const { scope, key: name } = addressOf(value);
      if (!visit({ scope, key: name, expiresAt: expiryOf(key) })) return;
    }
  }

  close(): Promise<void> {
    return this.store.close();
  }

  /** Resolves when what was changed before can be read. */
  async #settle(): Promise<void> {
    if (this.#unsettled.size > 0) await this.store.transaction((_: Transaction) => {});
  }
}

function itemOf({ scope, key }: Address, { value, version, expiresAt }: Entry): Item {
  return { scope, key, value, version, expiresAt };
}

function first(entries: Iterable<StoreEntry>): StoreEntry | undefined {
  for (const entry of entries) return entry;
  return undefined;
}
