import { isDeepStrictEqual } from 'node:util';
import { typeOf } from './config/instance-names.js';

/** Something a configuration declares, as far as comparing goes. */
export interface Declared {
  readonly instance: string;
  /** Whether its place among others of its type gave it its name (see `Named` in the plan). */
  readonly numbered: boolean;
  readonly config: object;
}

export interface Change<Item> {
  readonly before: Item;
  readonly after: Item;
}

/** What leads from one configuration to another. Every instance of either is in exactly one of these. */
export interface Diff<Item> {
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
  readonly changed: ReadonlyArray<Change<Item>>;
  readonly unchanged: readonly Item[];
}

/**
 * Compares what runs with what should, by instance name and by the structure of the configurations (§4.8). Order means
 * nothing: where it would only give another number to one of several of a type, each keeps the name it runs under.
 */
export function diff<Item extends Declared>(before: readonly Item[], after: readonly Item[]): Diff<Item> {
  const old = new Map(before.map((item) => [item.instance, item]));
  const added: Item[] = [];
  const changed: Array<Change<Item>> = [];
  const unchanged: Item[] = [];
  for (const item of keepingNames(before, after)) {
    const was = old.get(item.instance);
    old.delete(item.instance);
    if (was === undefined) added.push(item);
    else if (sameConfig(was, item)) unchanged.push(item);
    else changed.push({ before: was, after: item });
  }
  return { added, removed: [...old.values()], changed, unchanged };
}

function sameConfig(a: Declared, b: Declared): boolean {
  return isDeepStrictEqual(a.config, b.config);
}

/** The wanted items, those whose name is a matter of their place named after an equal one that runs. */
function keepingNames<Item extends Declared>(before: readonly Item[], after: readonly Item[]): Item[] {
  const taken = new Set(after.filter((item) => !item.numbered).map(({ instance }) => instance));
  const names = new Map<Item, string>();
  const give = (item: Item, name: string | undefined) => {
    if (name === undefined) return;
    names.set(item, name);
    taken.add(name);
  };
  const unnamed = () => after.filter((item) => item.numbered && !names.has(item));
  const isFree = ({ instance }: Declared) => !taken.has(instance);
  const isLike = (item: Item) => (other: Item) =>
    typeOf(other.instance) === typeOf(item.instance) && isFree(other) && sameConfig(other, item);
  // Those that have not moved come first, so that equal ones do not swap their names.
  for (const item of unnamed()) {
    if (before.some((other) => other.instance === item.instance && isLike(item)(other))) {
      give(item, item.instance);
    }
  }
  for (const item of unnamed()) give(item, before.find(isLike(item))?.instance);
  for (const item of unnamed()) if (isFree(item)) give(item, item.instance);
  // As many names of a type are free by now as there are items without one.
  for (const item of unnamed()) {
    const type = typeOf(item.instance);
    give(item, after.find((other) => typeOf(other.instance) === type && isFree(other))?.instance);
  }
  return after.map((item) => ({ ...item, instance: names.get(item) ?? item.instance }));
}
