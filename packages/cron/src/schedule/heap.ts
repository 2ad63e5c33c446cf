/** What can be in a {@link Heap}, which notes where. */
export interface Placed {
  place: number;
}

/**
 * A binary heap whose items know their place, so that any of them can be taken out again. In place of a search tree: all
 * that is asked for is the first, and most of what is put in comes late.
 */
export class Heap<Item extends Placed> {
  #items: Item[] = [];

  /** @param isBefore a strict order of all items. */
  constructor(private readonly isBefore: (a: Item, b: Item) => boolean) {}

  get first(): Item | undefined {
    return this.#items[0];
  }

  add(item: Item): void {
    item.place = this.#items.length;
    this.#items.push(item);
    this.#rise(item);
  }

  /** @param item is here. */
  remove(item: Item): void {
    const last = this.#items.pop();
    if (last === undefined || last === item) return;
    this.#put(last, item.place);
    this.#rise(last);
    this.#sink(last);
  }

  clear(): void {
    this.#items = [];
  }

  #rise(item: Item): void {
    for (let above = this.#above(item); above !== undefined && this.isBefore(item, above); ) {
      this.#swap(above, item);
      above = this.#above(item);
    }
  }

  #sink(item: Item): void {
    for (let next = this.#firstBelow(item); next !== undefined && this.isBefore(next, item); ) {
      this.#swap(item, next);
      next = this.#firstBelow(item);
    }
  }

  #above({ place }: Item): Item | undefined {
    return place === 0 ? undefined : this.#items[(place - 1) >> 1];
  }

  #firstBelow({ place }: Item): Item | undefined {
    const at = 2 * place + 1;
    if (at >= this.#items.length) return undefined;
    const left = this.#items[at] as Item;
    const right = this.#items[at + 1];
    return right !== undefined && this.isBefore(right, left) ? right : left;
  }

  #swap(above: Item, below: Item): void {
    const { place } = above;
    this.#put(above, below.place);
    this.#put(below, place);
  }

  #put(item: Item, place: number): void {
    this.#items[place] = item;
    item.place = place;
  }
}
