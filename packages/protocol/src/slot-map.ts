/** Entries there is room for at least, and those that are kept when there is nothing in any of them. */
const LEAST = 16;
const KEPT = 1_024;

const NO_NUMBERS = new Int32Array(0);
/** Nobody outside can tell which keys come to lie behind each other. */
const SEED = (Math.random() * 0x1_0000_0000) | 0;

/** Characters at either end of a text that its hash is made of. */
const HASHED = 8;

/**
 * A map whose entries come and go all the time, for what lasts as long as a call or a job. A `Map` goes on in a new table
 * again and again then, and V8 has the old table point to the new one: once one of those is in the old generation, all that
 * come after it are kept until the next collection of the whole heap, with the keys that were in them. This one makes
 * room in the tables it has.
 *
 * In the order keys were set in. What iterates does not see what is set meanwhile.
 */
export class SlotMap<K extends string | number, V extends NonNullable<unknown>> {
  #size = 0;
  /** Places in use, of which some may be empty by now. */
  #used = 0;
  /** By place; `undefined` where the entry was removed. */
  #keys: Array<K | undefined> = [];
  #values: Array<V | undefined> = [];
  #hashes = NO_NUMBERS;
  /** Twice as long as there are places, a power of two: the place of an entry, from 1, at its hash or soon behind it. */
  #index = NO_NUMBERS;

  get size(): number {
    return this.#size;
  }

  has(key: K): boolean {
    return this.#find(key, hashOf(key)) >= 0;
  }

  get(key: K): V | undefined {
    const place = this.#find(key, hashOf(key));
    return place < 0 ? undefined : this.#values[place];
  }

  set(key: K, value: V): void {
    const hash = hashOf(key);
    const place = this.#find(key, hash);
    if (place >= 0) {
      this.#values[place] = value;
      return;
    }
    if (this.#used === this.#hashes.length) this.#makeRoom();
    const free = this.#used++;
    this.#keys[free] = key;
    this.#values[free] = value;
    this.#hashes[free] = hash;
    this.#point(free, hash);
    this.#size++;
  }

  /** @returns what the key stood for. */
  delete(key: K): V | undefined {
    const place = this.#find(key, hashOf(key));
    if (place < 0) return undefined;
    const value = this.#values[place];
    // The index still leads here, as to entries behind this one, until room is made.
    this.#keys[place] = undefined;
    this.#values[place] = undefined;
    this.#size--;
    if (this.#size === 0 && this.#hashes.length > KEPT) this.clear();
    return value;
  }

  clear(): void {
    this.#size = 0;
    this.#used = 0;
    this.#keys = [];
    this.#values = [];
    this.#hashes = NO_NUMBERS;
    this.#index = NO_NUMBERS;
  }

  *keys(): Generator<K, void> {
    for (const [key] of this) yield key;
  }

  *values(): Generator<V, void> {
    for (const [, value] of this) yield value;
  }

  *[Symbol.iterator](): Generator<[K, V], void> {
    for (const key of this.#keys.slice(0, this.#used)) {
      if (key === undefined) continue;
      const value = this.get(key);
      if (value !== undefined) yield [key, value];
    }
  }

  /** @returns its place; -1 where there is none. */
  #find(key: K, hash: number): number {
    const index = this.#index;
    const mask = index.length - 1;
    if (mask < 0) return -1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const place = (index[at] as number) - 1;
      if (place < 0) return -1;
      if (this.#hashes[place] === hash && this.#keys[place] === key) return place;
    }
  }

  #point(place: number, hash: number): void {
    const index = this.#index;
    const mask = index.length - 1;
    let at = hash & mask;
    while (index[at] !== 0) at = (at + 1) & mask;
    index[at] = place + 1;
  }

  /** Closes gaps, in larger tables if few places were empty, and in smaller ones if nearly all were. */
  #makeRoom(): void {
    const room = this.#hashes.length;
    const wanted = this.#size * 2 > room ? room * 2 : this.#size * 8 < room ? room / 2 : room;
    const places = Math.max(LEAST, wanted);
    const hashes = places === room ? this.#hashes : new Int32Array(places);
    let place = 0;
    for (let from = 0; from < this.#used; from++) {
      const key = this.#keys[from];
      if (key === undefined) continue;
      this.#keys[place] = key;
      this.#values[place] = this.#values[from];
      hashes[place++] = this.#hashes[from] as number;
    }
    this.#keys.length = place;
    this.#values.length = place;
    this.#used = place;
    this.#hashes = hashes;
    if (this.#index.length === hashes.length * 2) this.#index.fill(0);
    else this.#index = new Int32Array(hashes.length * 2);
    for (let each = 0; each < place; each++) this.#point(each, hashes[each] as number);
  }
}

/** Of most texts used as keys, either end is enough to tell them apart: ids are random there, or count. */
function hashOf(key: string | number): number {
  if (typeof key === 'number') return spread((key | 0) ^ ((key / 0x1_0000_0000) | 0) ^ SEED);
  const { length } = key;
  let hash = SEED ^ length;
  const near = Math.min(length, HASHED);
  for (let at = 0; at < near; at++) hash = Math.imul(hash ^ key.charCodeAt(at), 0x0100_0193);
  for (let at = Math.max(near, length - HASHED); at < length; at++) {
    hash = Math.imul(hash ^ key.charCodeAt(at), 0x0100_0193);
  }
  return spread(hash);
}

/** Has the lowest bits, which decide, depend on all others. */
function spread(hash: number): number {
  const mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return mixed ^ (mixed >>> 13);
}
