import { parseRaw, type RawJson, rawFromValue } from 'iii-protocol';

/**
 * A value as its JSON text (DESIGN D4), for workers that hand on what they do not look into. In a payload it stands for
 * the value; links that cannot take text as it is make the value of it.
 */
export class RawValue {
  constructor(readonly raw: RawJson) {}

  static of(value: unknown): RawValue {
    return value instanceof RawValue ? value : new RawValue(rawFromValue(value ?? null));
  }

  toJSON(): unknown {
    return parseRaw(this.raw);
  }
}

/** Marks a request whose result is wanted as a {@link RawValue}. */
export const RAW_RESULT = Symbol('raw result');

/** The JSON text of a value that may be text already. */
export function rawOf(value: unknown): RawJson {
  return value instanceof RawValue ? value.raw : rawFromValue(value);
}

/** The value of what may be its text. */
export function plainOf(value: unknown): unknown {
  return value instanceof RawValue ? parseRaw(value.raw) : value;
}
