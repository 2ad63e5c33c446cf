import type { Frame } from './frames.js';
import { assumeRawJson, type RawJson } from './raw-json.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

/** For tests: raw JSON from text taken on trust. */
export function raw(text: string): RawJson {
  return assumeRawJson(encodeUtf8(text));
}

export function bytes(text: string): Uint8Array {
  return encodeUtf8(text);
}

export function text(of: Uint8Array): string {
  return decodeUtf8(of, 0, of.length);
}

/** A frame with its raw members as text, so that expectations read like the wire. */
export function plain(frame: Frame): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(frame).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? `raw ${text(value)}` : value,
    ]),
  );
}
