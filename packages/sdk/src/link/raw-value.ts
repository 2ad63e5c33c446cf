import { parseRaw, type RawJson, rawFromValue } from 'iii-protocol';

/**
 * A free-form value that is still the JSON text it came as. Values inside one process travel like this, so that only
 * who looks into one pays for it, and 64-bit integers and `1.0` survive where nobody does (DESIGN D4).
 */
export class RawValue {
  constructor(readonly raw: RawJson) {}

  /** What it says, as a value of its own every time. For links that write text themselves. */
  toJSON(): unknown {
    return parseRaw(this.raw);
  }
}

/** The JavaScript value of what a link delivered. */
export function plain(value: unknown): unknown {
  return value instanceof RawValue ? parseRaw(value.raw) : value;
}

/**
 * The JSON text of what a link delivered; undefined when there was nothing. Over a WebSocket the value has been parsed
 * already, and `null` counts as nothing.
 */
export function rawOf(value: unknown): RawJson | undefined {
  if (value instanceof RawValue) return value.raw;
  return value === undefined || value === null ? undefined : rawFromValue(value);
}
