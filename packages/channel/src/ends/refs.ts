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
 * Puts what `make` makes of it in the place of every ref. For values that were just parsed: they are changed, not
 * copied. An end can be attached only once, so refs to the same one are given the same.
 */
export function materializeRefs(parsed: unknown, make: (ref: ChannelRef) => unknown): unknown {
  if (!isContainer(parsed)) return parsed;
  const made = new Map<string, unknown>();
  const endOf = (ref: ChannelRef): unknown => {
    const { channel_id, access_key, direction } = ref;
    // The length tells where the id ends and the key begins.
    const name = `${direction}:${channel_id.length}:${channel_id}${access_key}`;
    if (!made.has(name)) made.set(name, make(ref));
    return made.get(name);
  };
  if (isChannelRef(parsed)) return endOf(parsed);
  // A list of work instead of recursion: values may be nested deeper than the stack.
  const work: object[] = [parsed];
  for (let container = work.pop(); container !== undefined; container = work.pop()) {
    if (Array.isArray(container)) {
      for (let at = 0; at < container.length; at++) {
        const child: unknown = container[at];
        if (!isContainer(child)) continue;
        if (isChannelRef(child)) container[at] = endOf(child);
        else work.push(child);
      }
      continue;
    }
    const members = container as Record<string, unknown>;
    // Without a list of all keys, which would cost more than the rest.
    for (const key in members) {
      const child = members[key];
      // An own member, also where it is called `__proto__`, and no other.
      if (!isContainer(child) || !Object.hasOwn(members, key)) continue;
      if (isChannelRef(child)) members[key] = endOf(child);
      else work.push(child);
    }
  }
  return parsed;
}

function isContainer(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function pathTo(path: string, key: string, isIndex: boolean): string {
  if (isIndex) return `${path}[${key}]`;
  return path === '' ? key : `${path}.${key}`;
}
