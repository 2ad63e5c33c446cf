import { keyOf, partsOf, rangeOf } from 'iii-storage';
import type { Address } from '../adapter.js';

/** How addresses lie in the ordered store. The first part of a key says which of the tables it belongs to. */
const VALUES = 'v';
const PLACES = 'p';
const EXPIRY = 'x';
const COUNTER = 'c';

/** Scope and key, to the record. */
export function valueKey({ scope, key }: Address): Uint8Array {
  return keyOf(VALUES, scope, key);
}

export const valuesOf = (scope: string) => rangeOf(VALUES, scope);
export const allValues = rangeOf(VALUES);

/** @throws RangeError when it is not a key of a value. */
export function addressOf(valueKeyBytes: Uint8Array): Address {
  const [table, scope, key] = partsOf(valueKeyBytes);
  if (table !== VALUES || typeof scope !== 'string' || typeof key !== 'string') {
    throw new RangeError('not the key of a value');
  }
  return { scope, key };
}

/** Scope and place, to the key of the value that has this place in lists. */
export function placeKey(scope: string, place: number): Uint8Array {
  return keyOf(PLACES, scope, place);
}

export const placesOf = (scope: string) => rangeOf(PLACES, scope);

/** Time and version, to the key of the value that expires then. */
export function expiryKey(expiresAt: number, version: number): Uint8Array {
  return keyOf(EXPIRY, expiresAt, version);
}

export const allExpiry = rangeOf(EXPIRY);

/** @throws RangeError when it is not a key of this table. */
export function expiryOf(expiryKeyBytes: Uint8Array): number {
  const [table, expiresAt] = partsOf(expiryKeyBytes);
  if (table !== EXPIRY || typeof expiresAt !== 'number') throw new RangeError('not a key of an expiry');
  return expiresAt;
}

/** Up to which number versions have been given out, or may have been. */
export const counterKey = keyOf(COUNTER);
