import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseJsonBody } from './json-body.js';

const bodyOf = (text: string) => Buffer.from(parseJsonBody(Buffer.from(text))).toString();

describe('a JSON body', () => {
  it.each(['1e400', '[1E+309]', '{"a":-1.5e999}', `[${'9'.repeat(310)}]`, `{"a":"e","b":1e1000}`])(
    'that has a number no double can be is null: %s',
    (text) => {
      expect(bodyOf(text)).toBe('null');
    },
  );

  it.each([
    '1e308',
    '1e-400',
    '[1e+0]',
    `"1e400"`,
    `["${'9'.repeat(310)}"]`,
    '0e999',
    `${'9'.repeat(300)}`,
    '[12,345e2]',
  ])('that has none is what it was: %s', (text) => {
    expect(bodyOf(text)).toBe(text);
  });

  it('is null for its numbers only where one of them is infinite, wherever it stands', () => {
    const number = fc
      .tuple(fc.integer({ min: -99, max: 99 }), fc.constantFrom('e', 'E', 'e+', 'e-', 'E+'), fc.nat(1_200))
      .map(([mantissa, e, exponent]) => `${mantissa}${e}${exponent}`);
    const member = fc.oneof(
      number,
      fc.integer().map(String),
      fc.string().map((text) => JSON.stringify(text)),
    );
    fc.assert(
      fc.property(fc.array(member, { maxLength: 8 }), (members) => {
        const text = `[${members.join(',')}]`;
        const isInfinite = (JSON.parse(text) as unknown[]).some(
          (value) => Math.abs(Number(value)) === Infinity && typeof value === 'number',
        );
        expect(bodyOf(text)).toBe(isInfinite ? 'null' : text);
      }),
    );
  });
});
