import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type PlacedField, splitFields } from './split-fields.js';

/** The same, said with patterns. */
function byPatterns(expression: string): PlacedField[] {
  const fields: Array<{ text: string; at: number }> = [];
  for (const { 0: word, index } of expression.matchAll(/\S+/g)) {
    const last = fields.at(-1);
    if (last !== undefined && (/^[,\-/]/.test(word) || /[,\-/]$/.test(last.text))) {
      last.text = expression.slice(last.at, index + word.length);
    } else {
      fields.push({ text: word, at: index });
    }
  }
  return fields;
}

it('white space of any kind stands between fields, and none of it beside a comma, a hyphen or a slash', () => {
  const piece = fc.constantFrom(
    '0',
    '59',
    '*',
    'MON',
    ',',
    '-',
    '/',
    ' ',
    '\t',
    '\n',
    '\u00a0',
    '\u2003',
    'é',
    '\ud800',
  );
  const expressions = fc.array(piece, { maxLength: 24 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(expressions, (expression) => {
      expect(splitFields(expression)).toEqual(byPatterns(expression));
    }),
  );
});
