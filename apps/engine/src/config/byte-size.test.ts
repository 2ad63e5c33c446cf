import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseByteSize } from './byte-size.js';

describe('a size in text', () => {
  it.each([
    ['0B', 0],
    ['512 B', 512],
    ['1KiB', 1024],
    ['1kB', 1000],
    ['64MiB', 64 * 1024 * 1024],
    ['64MB', 64_000_000],
    ['64mb', 64_000_000],
    [' 8 GiB ', 8 * 1024 ** 3],
    ['1.5GiB', 1.5 * 1024 ** 3],
    ['2TB', 2e12],
    ['1TiB', 1024 ** 4],
  ])('%j is %d bytes', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each([
    ...['', '64', '64M', 'MiB', '64 megs', '-1MiB', '+1MiB', '1e3B', '1,5GiB', '1.GiB', '0.5B', '0.0001KiB'],
    ...['64  MiB', '64MiB/s', '0x10B', '99999999TiB', '1constructor', '1__proto__'],
  ])('%j is none', (text) => {
    expect(parseByteSize(text)).toBeUndefined();
  });

  it('counts what its unit says, for every whole number', () => {
    fc.assert(
      fc.property(fc.nat(), (n) => {
        expect(parseByteSize(`${n}B`)).toBe(n);
        expect(parseByteSize(`${n}KiB`)).toBe(n * 1024);
        expect(parseByteSize(`${n}MB`)).toBe(n * 1_000_000);
      }),
    );
  });
});
