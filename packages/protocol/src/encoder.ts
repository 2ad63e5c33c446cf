import { membersOf } from './frame-shapes.js';
import type { Frame } from './frames.js';
import type { RawJson } from './raw-json.js';
import { joinUtf8 } from './utf8.js';

/**
 * The wire form of a frame: UTF-8 JSON, `type` first, members in the order of protocol.md §3, absent ones omitted.
 * Free-form members are copied in as they are.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const pieces: Array<string | RawJson> = [];
  let text = `{"type":"${frame.type}"`;
  const values: object = frame;
  for (const [name] of membersOf(frame.type)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    if (value instanceof Uint8Array) {
      pieces.push(`${text},"${name}":`, value as RawJson);
      text = '';
    } else {
      text += `,"${name}":${JSON.stringify(value)}`;
    }
  }
  pieces.push(`${text}}`);
  return joinUtf8(pieces);
}
