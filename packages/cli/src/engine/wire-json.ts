import {
  isRawObject,
  type MixedJson,
  parseRaw,
  type RawJson,
  rawFromMixed,
  rawFromText,
  rawMembers,
  textOfRaw,
} from 'iii-protocol';
import type { JsonText } from 'iii-sdk/link';

/**
 * The JSON of a connection on which payloads and results stay text: numbers that JavaScript cannot hold, the order of
 * members and members of equal names all survive. Only the envelope becomes values.
 */
export const wireJson: JsonText = {
  stringify: (message) => textOfRaw(rawFromMixed(message as MixedJson)),
  parse: (text) =>
    Object.fromEntries(
      [...rawMembers(rawFromText(text))].map(([name, raw]) => [name, envelopeMember(name, raw)]),
    ),
};

function envelopeMember(name: string, raw: RawJson): unknown {
  if (name === 'result') return raw;
  const value = parseRaw(raw);
  return name === 'error' && isRawObject(raw) ? withoutNullTrace(value as object) : value;
}

/** The protocol lets a stack trace be null (protocol.md §14); the client takes such a body for a foreign one. */
function withoutNullTrace(body: object): object {
  if (!('stacktrace' in body) || body.stacktrace !== null) return body;
  const { stacktrace: _, ...rest } = body;
  return rest;
}
