import { describe, expect, it } from 'vitest';
import { type KeyText, keyBytesOf, textOf } from '../key-text.js';
import { LateSortedMap } from './late-sorted-map.js';

const key = (...values: number[]) => textOf(Uint8Array.from(values));
const all = (map: LateSortedMap<number>) => map.keys().map((text) => [text, map.get(text) ?? 0] as const);
const shown = (entries: Iterable<readonly [KeyText, number]>) =>
  [...entries].map(([text, value]) => [[...keyBytesOf(text)], value]);

describe('a map that is sorted late', () => {
  it('tells any bytes apart, and finds them in whatever buffer they are', () => {
    const map = new LateSortedMap<number>();
    for (let a = 0; a < 256; a++) expect(map.set(key(a), a)).toBe(true);
    map.set(key(), 1_000);
    map.set(key(0, 0), 1_001);
    expect(map.size).toBe(258);
    for (let a = 0; a < 256; a++) expect(map.get(textOf(Buffer.from([9, a, 9]).subarray(1, 2)))).toBe(a);
    expect([map.get(key()), map.get(key(0, 0)), map.get(key(0, 1))]).toEqual([1_000, 1_001, undefined]);
    expect(map.set(key(7), 70)).toBe(false);
    expect(map.get(key(7))).toBe(70);
  });

  it('gives all in byte order, whether or not a part was asked for before', () => {
    const map = new LateSortedMap<number>();
    for (const byte of [3, 255, 128, 1]) map.set(key(byte), byte);
    const everything = [
      [[1], 1],
      [[3], 3],
      [[128], 128],
      [[255], 255],
    ];
    expect(shown(all(map))).toEqual(everything);
    expect(shown(map.range({ from: key(2), to: key(200) }))).toEqual(everything.slice(1, 3));
    map.set(key(2), 2);
    map.set(key(3), 30);
    const later = [[[1], 1], [[2], 2], [[3], 30], ...everything.slice(2)];
    expect(shown(all(map))).toEqual(later);
    expect(shown(map.range({ reverse: true }))).toEqual(later.toReversed());
    const visited = new Map<KeyText, number>();
    map.forEach((value, text) => {
      visited.set(text, value);
    });
    expect(new Map(all(map))).toEqual(visited);
  });

  it.each(['before', 'after'])('has nothing of what was deleted %s it was sorted', (when) => {
    const map = new LateSortedMap<number>();
    map.set(key(1), 1);
    map.set(key(2), 2);
    if (when === 'after') shown(map.range());
    expect([map.delete(key(1)), map.delete(key(1))]).toEqual([true, false]);
    expect(map.get(key(1))).toBeUndefined();
    map.set(key(1), 10);
    map.set(key(0), 0);
    map.delete(key(2));
    for (const entries of [all(map), map.range()]) {
      expect(shown(entries)).toEqual([
        [[0], 0],
        [[1], 10],
      ]);
    }
    expect(map.size).toBe(2);
  });

  it('goes on with a range while keys come', () => {
    const map = new LateSortedMap<number>();
    for (const byte of [1, 2, 3]) map.set(key(byte), byte);
    const seen: number[] = [];
    for (const [, value] of map.range()) {
      seen.push(value);
      map.set(key(200 + value), 200 + value);
      if (seen.length > 10) break;
    }
    expect(seen).toEqual([1, 2, 3]);
    expect(map.size).toBe(6);
  });
});
