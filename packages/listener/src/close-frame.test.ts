import fc from 'fast-check';
import { expect, it } from 'vitest';
import { checkCloseCode, checkPing, fitReason } from './close-frame.js';

it('a reason that fits is left alone', () => {
  expect(fitReason('')).toBe('');
  expect(fitReason('x'.repeat(123))).toBe('x'.repeat(123));
});

it('a reason that does not fit becomes its longest start that does', () => {
  expect(fitReason('x'.repeat(124))).toBe('x'.repeat(123));
  expect(fitReason('€'.repeat(42))).toBe('€'.repeat(41));
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 20, maxLength: 200 }), (reason) => {
      const fitted = fitReason(reason);
      expect(reason.startsWith(fitted)).toBe(true);
      expect(Buffer.byteLength(fitted)).toBeLessThanOrEqual(123);
      if (fitted !== reason) expect(Buffer.byteLength(fitted)).toBeGreaterThan(123 - 4);
      expect(Buffer.from(fitted).toString()).toBe(fitted);
    }),
  );
});

it('codes are those an endpoint may send', () => {
  const sendable = Array.from({ length: 6000 }, (_, code) => code).filter((code) => {
    try {
      checkCloseCode(code);
      return true;
    } catch {
      return false;
    }
  });
  const range = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => from + index);
  expect(sendable).toEqual([...range(1000, 1003), ...range(1007, 1014), ...range(3000, 4999)]);
});

it('a ping carries at most 125 bytes', () => {
  checkPing(undefined);
  checkPing(new Uint8Array(125));
  expect(() => checkPing(new Uint8Array(126))).toThrow(expect.objectContaining({ code: 'invalid_ping' }));
});
