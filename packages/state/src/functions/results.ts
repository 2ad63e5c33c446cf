import { RAW_NULL, type RawJson, rawFromValue } from 'iii-protocol';
import type { Entry, Item } from '../adapter.js';
import { rawObject } from '../raw-build.js';
import type { Input } from './input.js';
import { requireResultFits } from './value-size.js';

/** What a caller wants to be told about a write. */
export interface Wanted {
  readonly values: boolean;
  readonly version: boolean;
}

export function readWanted(input: Input): Wanted {
  return { values: input.flag('return_values', true), version: input.flag('with_version', false) };
}

/** A write as its caller is told: both values unless it does not want them, null where there was none (§1.2). */
export function writeResult(
  wanted: Wanted,
  before: Entry | undefined,
  after: Entry,
  errors?: RawJson,
): RawJson {
  if (wanted.values) requireResultFits(before?.value, after.value);
  return rawObject({
    old_value: wanted.values ? (before?.value ?? RAW_NULL) : undefined,
    new_value: wanted.values ? after.value : undefined,
    version: wanted.version ? rawFromValue(after.version) : undefined,
    errors,
  });
}

/** A value with what belongs to it. */
export function versionedResult({ value, version, expiresAt }: Entry): RawJson {
  return rawObject({
    value,
    version: rawFromValue(version),
    expires_at: expiresAt === undefined ? undefined : rawFromValue(expiresAt),
  });
}

/** An item of a list. */
export function itemResult({ key, value, version, expiresAt }: Item): RawJson {
  return rawObject({
    key: rawFromValue(key),
    value,
    version: rawFromValue(version),
    expires_at: expiresAt === undefined ? undefined : rawFromValue(expiresAt),
  });
}
