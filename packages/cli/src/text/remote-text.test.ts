import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapedJson, singleLine } from './remote-text.js';

describe('text of somebody else', () => {
  it.each([
    ['escape sequences', '\u001b[2Jcleared\u001b]0;title\u0007', '[2Jcleared]0;title'],
    ['eight-bit control sequences', 'a\u009b31mb\u007fc', 'a31mbc'],
    ['lines of its own', 'one\r\n\ttwo\u2028three\u2029four\u0085five', 'one two three fourfive'],
    ['overrides of direction', 'safe\u202egpj.exe\u202c\u2066x\u2069\u200e\u061c', 'safegpj.exex'],
    ['space around it', '  a  b ', 'a b'],
  ])('loses %s', (_, text, expected) => {
    expect(singleLine(text)).toBe(expected);
  });

  it('keeps letters of every language and joined emoji', () => {
    const text = 'Grüße שלום 日本語 👩‍👧';
    expect(singleLine(text)).toBe(text);
  });
});

describe('JSON shown on a terminal', () => {
  it('means the same and holds nothing but its layout that commands a terminal', () => {
    const character = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('\u009b', '\u202e', '\u2028', '\u2066', '\u007f', '\u001b'),
    );
    fc.assert(
      fc.property(fc.array(character), (strings) => {
        const json = escapedJson(JSON.stringify(strings, null, 2));
        expect(JSON.parse(json)).toEqual(strings);
        expect(json).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
      }),
    );
  });
});
