import {
  isRawArray,
  isRawNull,
  isRawObject,
  parseRaw,
  RAW_NULL,
  type RawJson,
  rawElements,
  rawMembers,
  textOfRaw,
} from 'iii-protocol';
import { OperationsUnreadable } from './errors.js';

/** One step of an update, as it was read; paths are literal names, none of them is the whole document. */
export type Operation =
  | { readonly type: 'set' | 'merge' | 'append'; readonly path: readonly string[]; readonly value: RawJson }
  | { readonly type: 'increment' | 'decrement'; readonly path: readonly string[]; readonly by: bigint }
  | { readonly type: 'remove'; readonly path: readonly string[] };

const TYPES = ['set', 'merge', 'increment', 'decrement', 'append', 'remove'] as const;
type OperationType = (typeof TYPES)[number];

const LARGEST = 2n ** 63n - 1n;
const SMALLEST = -(2n ** 63n);

type Members = ReadonlyMap<string, RawJson>;

/**
 * Reads the operations of an update (workers-state-stream-pubsub-cron.md §1.5.1). Members that are not known are ignored.
 *
 * @throws OperationsUnreadable with the first thing that is wrong.
 */
export function readOperations(ops: RawJson | undefined): Operation[] {
  if (ops === undefined || !isRawArray(ops)) throw unreadable('ops', 'an array of operations', ops);
  return rawElements(ops).map(readOperation);
}

function readOperation(raw: RawJson, index: number): Operation {
  const at = `ops[${index}]`;
  if (!isRawObject(raw)) throw unreadable(at, 'an object with a type', raw);
  const members = rawMembers(raw);
  const type = readType(members, at);
  switch (type) {
    case 'set':
      return { type, path: readField(members, at), value: members.get('value') ?? RAW_NULL };
    case 'merge':
    case 'append': {
      const value = members.get('value');
      if (value === undefined) throw unreadable(`${at}.value`, 'a value', undefined);
      return { type, path: readPath(members, at), value };
    }
    case 'increment':
    case 'decrement':
      return { type, path: readField(members, at), by: readInteger(members, at) };
    case 'remove':
      return { type, path: readField(members, at) };
  }
}

function readType(members: Members, at: string): OperationType {
  const raw = members.get('type');
  const given = raw && parseRaw(raw);
  const known = TYPES.find((type) => type === given);
  if (known === undefined) throw unreadable(`${at}.type`, `one of ${TYPES.join(', ')}`, raw);
  return known;
}

/** A path that is the whole document or one field of it; the dot has no meaning. */
function readField(members: Members, at: string): readonly string[] {
  const raw = members.get('path');
  const path = raw && parseRaw(raw);
  if (typeof path !== 'string') throw unreadable(`${at}.path`, 'a string', raw);
  return path === '' ? [] : [path];
}

function readPath(members: Members, at: string): readonly string[] {
  const raw = members.get('path');
  if (raw === undefined || isRawNull(raw)) return [];
  const path = parseRaw(raw);
  if (typeof path === 'string') return path === '' ? [] : [path];
  if (Array.isArray(path) && path.every((segment) => typeof segment === 'string')) return path;
  throw unreadable(`${at}.path`, 'a string or an array of strings', raw);
}

function readInteger(members: Members, at: string): bigint {
  const raw = members.get('by');
  const text = raw && textOfRaw(raw);
  if (text !== undefined && /^-?\d+$/.test(text)) {
    const by = BigInt(text);
    if (by >= SMALLEST && by <= LARGEST) return by;
  }
  throw unreadable(`${at}.by`, 'an integer of 64 bits', raw);
}

const SHOWN = 60;

function unreadable(where: string, expected: string, found: RawJson | undefined): OperationsUnreadable {
  const text = found === undefined ? 'nothing' : textOfRaw(found);
  const shown = text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
  return new OperationsUnreadable(`${where}: expected ${expected}, found ${shown}`);
}
