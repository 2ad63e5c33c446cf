import { expect, it } from 'vitest';
import { dayOfWeekRule, SECOND } from './fields.js';
import { parseField } from './parse-field.js';

it('a field means the same however many others were read before', () => {
  const texts = Array.from({ length: 1_000 }, (_, n) => `${n % 60},${(n * 7) % 60},${Math.floor(n / 17)}`);
  const once = texts.map((text) => parseField(text, SECOND));
  expect(texts.map((text) => parseField(text, SECOND))).toEqual(once);
  for (const [n, { values, canonical }] of once.entries()) {
    const expected = [...new Set([n % 60, (n * 7) % 60, Math.floor(n / 17)])].sort((a, b) => a - b);
    expect([values, canonical]).toEqual([expected, expected.join(',')]);
  }
  expect(SECOND.known.size).toBeLessThanOrEqual(256);
});

it('a field that is often there is read once, and a long one is not kept', () => {
  expect(parseField('*/5', SECOND)).toBe(parseField('*/5', SECOND));
  const long = Array.from({ length: 30 }, (_, n) => n).join(',');
  expect(parseField(long, SECOND)).toEqual(parseField(long, SECOND));
  expect(SECOND.known.has(long)).toBe(false);
});

it('one text means what its kind of field says', () => {
  expect(parseField('1', SECOND).values).toEqual([1]);
  expect(parseField('*', dayOfWeekRule('quartz')).values).toEqual([1, 2, 3, 4, 5, 6, 7]);
  expect(parseField('*', dayOfWeekRule('unix')).values).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

it('a text that is refused is refused again', () => {
  for (let n = 0; n < 2; n++) expect(() => parseField('60', SECOND)).toThrow('the value is "60"');
});
