import { describe, expect, it } from 'vitest';
import { Slab } from './slab.js';

describe('a slab', () => {
  it('gives each its own bytes, many of them from one piece of memory', () => {
    const slab = new Slab();
    const taken = Array.from({ length: 500 }, (_, n) => slab.take(n).fill(n % 251));
    for (const [n, bytes] of taken.entries()) {
      expect(bytes).toHaveLength(n);
      expect(bytes.every((byte) => byte === n % 251)).toBe(true);
    }
    expect(new Set(taken.slice(1).map(({ buffer }) => buffer)).size).toBe(2);
  });

  it('has nobody else’s bytes in it, and leaves long ones by themselves', () => {
    const slab = new Slab();
    const first = slab.take(10);
    const others = Array.from({ length: 100 }, () => Buffer.allocUnsafe(10));
    expect(others.some(({ buffer }) => buffer === first.buffer)).toBe(false);
    const long = slab.take(10_000);
    expect(long.buffer.byteLength).toBe(10_000);
    expect(slab.take(10).buffer).toBe(first.buffer);
  });
});
