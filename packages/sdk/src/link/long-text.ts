import { quoted } from 'iii-protocol';

/** Items of a list that are spelled at once. */
const SLICE_ITEMS = 1024;
/** Of a value that is looked at member by member. */
export const MOST_MEMBERS = 32;
/** How deep in a payload a long list is looked for. */
const MOST_DEPTH = 3;

/** Takes texts that are one after the other. */
export interface TextSink {
  add(text: string): void;
}

/**
 * Spells a payload in which there is a long list, piece by piece. Of a long text at once V8 makes thousands of short ones that
 * live until it is whole, and copies all of them several times.
 *
 * @returns false when it is to be spelled as a whole; what was added says nothing then.
 * @throws TypeError when it has no JSON form.
 */
export function spellLong(value: unknown, sink: TextSink, depth = MOST_DEPTH): boolean {
  if (isLongList(value)) return spellList(value, sink);
  if (!hasLongList(value, depth)) return false;
  let isFirst = true;
  for (const name of Object.keys(value)) {
    const each = value[name];
    if (saysItself(each)) return false;
    if (!hasJsonForm(each)) continue;
    sink.add(`${isFirst ? '{' : ','}${quoted(name)}:`);
    isFirst = false;
    if (!hasLongList(each, depth - 1)) sink.add(JSON.stringify(each));
    else if (!spellLong(each, sink, depth - 1)) return false;
  }
  sink.add(isFirst ? '{}' : '}');
  return true;
}

function spellList(list: readonly unknown[], sink: TextSink): boolean {
  // They may ask at which place they are.
  if (list.some(saysItself)) return false;
  for (let at = 0; at < list.length; at += SLICE_ITEMS) {
    const text = JSON.stringify(list.slice(at, at + SLICE_ITEMS));
    sink.add(`${at === 0 ? '[' : ','}${text.slice(1, -1)}`);
  }
  sink.add(']');
  return true;
}

/** Whether {@link spellLong} may know how to spell it. */
export function hasLongList(value: unknown, depth = MOST_DEPTH): value is Readonly<Record<string, unknown>> {
  if (isLongList(value)) return true;
  if (depth === 0 || !isPlain(value) || saysItself(value)) return false;
  const names = Object.keys(value);
  return names.length <= MOST_MEMBERS && names.some((name) => hasLongList(value[name], depth - 1));
}

/** Not of a list of an own kind: its slices are made by its own constructor. */
function isLongList(value: unknown): value is readonly unknown[] {
  if (!Array.isArray(value) || value.length <= SLICE_ITEMS) return false;
  return Object.getPrototypeOf(value) === Array.prototype && !saysItself(value);
}

function hasJsonForm(value: unknown): boolean {
  return value !== undefined && typeof value !== 'function' && typeof value !== 'symbol';
}

export function isPlain(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Whether it has a method that says what is to be spelled in its place. */
export function saysItself(value: unknown): boolean {
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'bigint') return false;
  return typeof (value as { readonly toJSON?: unknown } | null)?.toJSON === 'function';
}
