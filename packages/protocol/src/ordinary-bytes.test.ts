import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LONG, OrdinaryBytes } from './ordinary-bytes.js';

const isStanding = (byte: number) => byte >= 0x20 && byte !== 0x22 && byte !== 0x5c;
const isOrdinary = (byte: number) => byte < 0x80 && isStanding(byte);

function firstOther(text: Uint8Array, from: number, end: number, passes: (byte: number) => boolean): number {
  let at = from;
  while (at < end && passes(text[at]!)) at++;
  return at;
}

describe('ordinary bytes', () => {
  it.each([0, 1, 2, 3, 4, 5, 6, 7])('end at the first other byte, %i bytes into their memory', (before) => {
    const length = 3 * LONG;
    for (let byte = 0; byte < 0x100; byte++) {
      for (let at = LONG; at < LONG + 9; at++) {
        const text = new Uint8Array(before + length).fill(0x7f).subarray(before);
        text[at] = byte;
        const ordinary = new OrdinaryBytes(text);
        expect([byte, at, ordinary.pass(0, length)]).toEqual([byte, at, isOrdinary(byte) ? length : at]);
        const standing = isStanding(byte) ? length : at;
        expect([byte, at, ordinary.passStanding(0, length)]).toEqual([byte, at, standing]);
      }
    }
  });

  it('end there from wherever they are passed, and never behind the end', () => {
    const byte = fc.oneof(
      { weight: 60, arbitrary: fc.constantFrom(0x20, 0x21, 0x23, 0x5b, 0x5d, 0x7f) },
      { weight: 4, arbitrary: fc.integer({ min: 0x80, max: 0xff }) },
      { weight: 1, arbitrary: fc.constantFrom(0x00, 0x1f, 0x22, 0x5c) },
    );
    const bytes = fc.array(byte, { minLength: 80, maxLength: 300, size: 'max' });
    fc.assert(
      fc.property(bytes, fc.nat(7), fc.nat(), fc.nat(), (all, before, start, rest) => {
        const text = Uint8Array.from([...new Array<number>(before).fill(0), ...all]).subarray(before);
        const from = start % 40;
        const end = from + (rest % (text.length - from + 1));
        const ordinary = new OrdinaryBytes(text);
        expect(ordinary.pass(from, end)).toBe(firstOther(text, from, end, isOrdinary));
        expect(ordinary.passStanding(from, end)).toBe(firstOther(text, from, end, isStanding));
      }),
      { numRuns: 1000 },
    );
  });
});
