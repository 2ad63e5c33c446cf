import { describe, expect, it } from 'vitest';
import { bytes, count, counted, duration, rate } from './quantity.js';

describe('quantities', () => {
  it.each([
    [0, '0 B'],
    [1_023, '1023 B'],
    [1_024, '1.0 KiB'],
    [1_536, '1.5 KiB'],
    [10_240, '10 KiB'],
    [1_048_000, '1,023 KiB'],
    [1_048_575, '1.0 MiB'],
    [88_399_872, '84 MiB'],
    [3 * 1024 ** 3, '3.0 GiB'],
    [5_000 * 1024 ** 4, '5,000 TiB'],
  ])('%i bytes are %s', (amount, text) => {
    expect(bytes(amount)).toBe(text);
  });

  it.each([
    [-5, '0s'],
    [0, '0s'],
    [999, '0s'],
    [59_999, '59s'],
    [60_000, '1m'],
    [245_000, '4m 5s'],
    [3_600_000, '1h'],
    [3_605_000, '1h'],
    [11_530_000, '3h 12m'],
    [183_600_000, '2d 3h'],
  ])('%i ms are %s', (ms, text) => {
    expect(duration(ms)).toBe(text);
  });

  it.each([
    [0, '0'],
    [0.04, '<0.1'],
    [0.42, '0.4'],
    [9.94, '9.9'],
    [9.96, '10'],
    [1_249.6, '1,250'],
  ])('%d a second is %s', (value, text) => {
    expect(rate(value)).toBe(text);
  });

  it('are grouped, and agree with their noun', () => {
    expect(count(1_234_567)).toBe('1,234,567');
    expect([counted(0, 'type'), counted(1, 'type'), counted(2, 'type')]).toEqual([
      '0 types',
      '1 type',
      '2 types',
    ]);
  });
});
