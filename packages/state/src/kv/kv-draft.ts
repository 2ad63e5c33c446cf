import type { RawJson } from 'iii-protocol';
import type { Transaction } from 'iii-storage';
import { type Address, addressName, type Draft, type Entry } from '../adapter.js';
import { expiryKey, placeKey, valueKey } from './layout.js';
import { decodeRecord, encodeRecord, type Stored } from './record.js';
import type { Versions } from './versions.js';

/** An address the draft has been asked for. */
interface Slot {
  readonly key: Uint8Array;
  stored: Stored | undefined;
}

/** A change in a transaction of the store; keeps the tables of places and expiry in step with the values. */
export class KvDraft implements Draft {
  /** So that each record is read once. */
  readonly #slots = new Map<string, Slot>();
  /** Up to where versions were found to be set aside; undefined when nobody has looked. */
  ceiling: number | undefined;

  constructor(
    private readonly tx: Transaction,
    private readonly versions: Versions,
  ) {}

  read(address: Address): Entry | undefined {
    return this.#slot(address).stored;
  }

  write(address: Address, value: RawJson, expiresAt?: number): Entry {
    const slot = this.#slot(address);
    const { key, stored: before } = slot;
    const { version, ceiling } = this.versions.take(this.tx);
    this.ceiling = ceiling ?? this.ceiling;
    if (before?.expiresAt !== undefined) this.tx.delete(expiryKey(before.expiresAt, before.version));
    const place = before?.place ?? version;
    const record = encodeRecord({ value, version, place, expiresAt });
    this.tx.put(key, record);
    // Its place is a version that was never used, so there is nothing to be looked for.
    if (before === undefined) this.tx.putNew(placeKey(address.scope, place), key);
    if (expiresAt !== undefined) this.tx.put(expiryKey(expiresAt, version), key);
    slot.stored = decodeRecord(record);
    return slot.stored;
  }

  delete(address: Address): void {
    const slot = this.#slot(address);
    const { key, stored: before } = slot;
    if (before === undefined) return;
    this.tx.delete(key);
    this.tx.delete(placeKey(address.scope, before.place));
    if (before.expiresAt !== undefined) this.tx.delete(expiryKey(before.expiresAt, before.version));
    slot.stored = undefined;
  }

  #slot(address: Address): Slot {
    const name = addressName(address);
    let slot = this.#slots.get(name);
    if (slot === undefined) {
      const key = valueKey(address);
      const record = this.tx.get(key);
      slot = { key, stored: record && decodeRecord(record) };
      this.#slots.set(name, slot);
    }
    return slot;
  }
}
