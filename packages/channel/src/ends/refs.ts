import type { ChannelRef } from './transport.js';

/** Whether a value stands for one end of a channel (sdk-node.md §11.6). Other keys may be there. */
export function isChannelRef(value: unknown): value is ChannelRef {
  if (typeof value !== 'object' || value === null) return false;
  const { channel_id, access_key, direction } = value as Partial<Record<keyof ChannelRef, unknown>>;
  return (
    typeof channel_id === 'string' &&
    typeof access_key === 'string' &&
    (direction === 'read' || direction === 'write')
  );
}

/**
 * Every ref in a value, with its path: keys joined with `.`, indexes as `[0]`, `''` for the value itself. Depth first.
 * Neither what is in a ref is looked at, nor what contains itself a second time.
 */
export function extractChannelRefs(value: unknown): Array<[path: string, ref: ChannelRef]> {
  const found: Array<[string, ChannelRef]> = [];
  const above = new Set<unknown>();
  const work: Array<() => void> = [];
  const visit = (path: string, inner: unknown) => {
    if (isChannelRef(inner)) found.push([path, inner]);
    if (isChannelRef(inner) || !isContainer(inner) || above.has(inner)) return;
    above.add(inner);
    work.push(() => above.delete(inner));
    for (const [key, child] of Object.entries(inner).reverse()) {
      work.push(() => visit(pathTo(path, key, Array.isArray(inner)), child));
    }
  };
  // A list of work instead of recursion: values may be nested deeper than the stack.
  work.push(() => visit('', value));
  for (let next = work.pop(); next !== undefined; next = work.pop()) next();
  return found;
}

/**
 * The value with every ref replaced by what `make` makes of it. Arrays and plain objects on the way to a ref are copied,
 * everything else stays what it is; without a ref that is the value itself. An end can be attached only once, so refs to
 * the same one are given the same.
 */
export function materializeRefs(value: unknown, make: (ref: ChannelRef) => unknown): unknown {
  if (isSurelyWithout(value)) return value;
  const { refs, parents } = survey(value);
  if (refs.length === 0) return value;
  const replaced = new Map<unknown, unknown>();
  const made = new Map<string, unknown>();
  for (const ref of refs) {
    const key = JSON.stringify([ref.channel_id, ref.access_key, ref.direction]);
    if (!made.has(key)) made.set(key, make(ref));
    replaced.set(ref, made.get(key));
  }
  // All that leads to a ref gets a copy first, so that what contains itself can be filled.
  const copied: object[] = [];
  const ascend = refs.flatMap((ref) => parents.get(ref) ?? []);
  for (let container = ascend.pop(); container !== undefined; container = ascend.pop()) {
    if (replaced.has(container)) continue;
    replaced.set(container, emptyLike(container));
    copied.push(container);
    ascend.push(...(parents.get(container) ?? []));
  }
  for (const container of copied) fill(replaced.get(container) as object, container, replaced);
  return replaced.get(value);
}

/** Values up to this size are looked through before anything is noted about them. */
const QUICK_LOOK = 256;

/** Nearly no payload has a ref in it, and most are small. False also where it was not looked at everything. */
function isSurelyWithout(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true;
  const work: object[] = [value];
  for (let at = 0; at < work.length; at++) {
    const container = work[at] as object;
    if ('channel_id' in container || work.length > QUICK_LOOK) return false;
    for (const child of Array.isArray(container) ? container : Object.values(container)) {
      if (typeof child === 'object' && child !== null) work.push(child);
    }
  }
  return true;
}

/** The refs of a value, and what every container and ref is contained in. */
function survey(value: unknown): { refs: ChannelRef[]; parents: Map<object, object[]> } {
  const refs: ChannelRef[] = [];
  const parents = new Map<object, object[]>();
  const work: object[] = [];
  const note = (inner: unknown, parent: object | undefined) => {
    if (!isContainer(inner) && !isChannelRef(inner)) return;
    const known = parents.get(inner);
    if (known !== undefined) {
      if (parent !== undefined) known.push(parent);
      return;
    }
    parents.set(inner, parent === undefined ? [] : [parent]);
    if (isChannelRef(inner)) refs.push(inner);
    else work.push(inner);
  };
  note(value, undefined);
  for (let container = work.pop(); container !== undefined; container = work.pop()) {
    for (const child of Object.values(container)) note(child, container);
  }
  return { refs, parents };
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function emptyLike(container: object): object {
  return Array.isArray(container)
    ? new Array(container.length)
    : Object.create(Object.getPrototypeOf(container));
}

/** Defines instead of assigning: `__proto__` is a key like any other in JSON. */
function fill(copy: object, original: object, replaced: ReadonlyMap<unknown, unknown>): void {
  for (const [key, child] of Object.entries(original)) {
    const value = replaced.has(child) ? replaced.get(child) : child;
    Object.defineProperty(copy, key, { value, writable: true, enumerable: true, configurable: true });
  }
}

function pathTo(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}
