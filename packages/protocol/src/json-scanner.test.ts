import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonScanner, JsonSyntaxError, MAX_DEPTH } from './json-scanner.js';
import { bytes } from './test-support.js';

function accepts(text: string): boolean {
  const scanner = new JsonScanner(bytes(text));
  try {
    scanner.skipSpace();
    scanner.skipValue();
    scanner.expectEnd();
    return true;
  } catch (error) {
    if (error instanceof JsonSyntaxError) return false;
    throw error;
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe('the JSON scanner', () => {
  it.each([
    ['null', true],
    [' \t\r\n true ', true],
    ['-0', true],
    ['0', true],
    ['10.25e-3', true],
    ['1E+400', true],
    ['"\\u00e9\\n\\/"', true],
    ['"\\ud83d\\ude00"', true],
    ['{"a":[1,{"b":null}],"":""}', true],
    ['', false],
    ['nul', false],
    ['True', false],
    ['NaN', false],
    ['-Infinity', false],
    ['01', false],
    ['-', false],
    ['1.', false],
    ['.5', false],
    ['1e', false],
    ['+1', false],
    ['"', false],
    ['"\\x41"', false],
    ['"\\u12g4"', false],
    ['"\\u12', false],
    ['"\n"', false],
    ["'a'", false],
    ['[1,]', false],
    ['[,1]', false],
    ['{"a":1,}', false],
    ['{"a" 1}', false],
    ['{a:1}', false],
    ['{"a":1', false],
    ['[1 2]', false],
    ['1 2', false],
    ['\ufeff1', false],
    ['/*c*/1', false],
  ])('%j is accepted: %s', (text, expected) => {
    expect(accepts(text)).toBe(expected);
    expect(parses(text)).toBe(expected);
  });

  it.each(['"\\ud800"', '"\\udc00"', '"\\ud800x"', '"\\ud800\\u0041"', '"\\udbff\\ud800"'])(
    'refuses the lone surrogate escape in %j, which JSON.parse would take',
    (text) => {
      expect(parses(text)).toBe(true);
      expect(accepts(text)).toBe(false);
    },
  );

  it('takes nesting up to its limit and not beyond', () => {
    expect(accepts(nested(MAX_DEPTH))).toBe(true);
    expect(accepts(nested(MAX_DEPTH + 1))).toBe(false);
    expect(accepts(`${'{"a":'.repeat(MAX_DEPTH + 1)}1${'}'.repeat(MAX_DEPTH + 1)}`)).toBe(false);
  });

  it('counts depth, not containers: many siblings are fine', () => {
    expect(accepts(`[${Array.from({ length: 5000 }, () => '[{}]').join(',')}]`)).toBe(true);
  });

  it('does not overflow the stack on absurd nesting', () => {
    expect(accepts('['.repeat(1_000_000))).toBe(false);
  });

  it('says where the text went wrong', () => {
    const scanner = new JsonScanner(bytes('{"a":tru}'));
    expect(() => scanner.skipValue()).toThrow(new JsonSyntaxError('expected a value at byte 8', 8));
  });

  it('accepts whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(undefined, 1, 2, '\t'), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        if (/\\ud[89a-f]/i.test(text)) return;
        expect(accepts(text)).toBe(true);
      }),
    );
  });

  it('agrees with JSON.parse on damaged JSON', () => {
    const damage = fc.record({
      at: fc.nat(),
      cut: fc.nat(3),
      put: fc.constantFrom('', '"', ',', '}', ']', '0', 'e', '\\', ':'),
    });
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), fc.array(damage, { maxLength: 3 }), (value, damages) => {
        let text = JSON.stringify(value);
        for (const { at, cut, put } of damages) {
          const from = at % (text.length + 1);
          text = text.slice(0, from) + put + text.slice(from + cut);
        }
        if (/\\ud[89a-f]/i.test(text) || /[\ud800-\udfff]/.test(text)) return;
        expect(accepts(text)).toBe(parses(text));
      }),
      { numRuns: 2000 },
    );
  });

  it.each([0, 1, 2, 3])('finds any byte in a long string that begins %i bytes into its memory', (before) => {
    const length = 150;
    for (const special of ['"', '\\\\', '\\u0041', '\\x', '\n', '\x1f', '\x7f', 'é', '€', '😀']) {
      for (let at = 0; at < length; at++) {
        const text = `"${'x'.repeat(at)}${special}${'~'.repeat(length - at)}"`;
        const scanner = new JsonScanner(bytes('-'.repeat(before) + text).subarray(before));
        const takes = () => {
          // In one go, and with pauses.
          const step = at % 2 === 0 ? Number.POSITIVE_INFINITY : 67;
          while (!scanner.skipValue(scanner.position + step));
          scanner.expectEnd();
        };
        if (!parses(text)) {
          expect(takes).toThrow(JsonSyntaxError);
          continue;
        }
        takes();
        expect(scanner.escaped).toBe(special.startsWith('\\'));
        expect(scanner.ascii).toBe(special.charCodeAt(0) < 0x80);
      }
    }
  });

  it('agrees with JSON.parse on what of each byte a string may have', () => {
    for (let byte = 0; byte < 0x80; byte++) {
      for (let at = 60; at < 80; at++) {
        const text = `"${'x'.repeat(at)}${String.fromCharCode(byte)}${'x'.repeat(20)}"`;
        expect([byte, at, accepts(text)]).toEqual([byte, at, parses(text)]);
      }
    }
  });

  it('ends each value where JSON.parse would', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue({ maxDepth: 3 }), { minLength: 1 }), (values) => {
        const texts = values
          .map((value) => JSON.stringify(value))
          .filter((text) => !/\\ud[89a-f]/i.test(text));
        const input = bytes(`{${texts.map((text, i) => `"k${i}" : ${text} `).join(',')}}`);
        const scanner = new JsonScanner(input);
        const found: string[] = [];
        if (scanner.enterObject()) {
          do {
            scanner.passName();
            const start = scanner.position;
            scanner.skipValue();
            found.push(new TextDecoder().decode(input.subarray(start, scanner.position)));
          } while (scanner.nextMember());
        }
        scanner.expectEnd();
        expect(found).toEqual(texts);
      }),
    );
  });

  it('stops wherever it is told to, and goes on as if it had not', () => {
    const step = fc.integer({ min: 1, max: 7 });
    fc.assert(
      fc.property(
        fc.jsonValue({ maxDepth: 4 }),
        step,
        fc.constantFrom(undefined, 2),
        (value, most, indent) => {
          const text = JSON.stringify(value, null, indent);
          if (/\\ud[89a-f]/i.test(text)) return;
          const scanner = new JsonScanner(bytes(text));
          let stops = 0;
          while (!scanner.skipValue(scanner.position + most)) {
            stops++;
            expect(scanner.position).toBeLessThan(bytes(text).length);
          }
          scanner.expectEnd();
          expect(stops).toBeLessThanOrEqual(bytes(text).length);
        },
      ),
    );
  });

  it('finds the same fault however often it stops', () => {
    for (const text of ['{"a":[1,{"b":tru}]}', '["abc\n"]', '{"a":1,}', '["\\ud800"]', '["abc']) {
      const fault = (most: number) => {
        const scanner = new JsonScanner(bytes(text));
        try {
          while (!scanner.skipValue(scanner.position + most));
        } catch (error) {
          return (error as Error).message;
        }
        return undefined;
      };
      const whole = fault(Number.POSITIVE_INFINITY);
      expect(whole).toBeDefined();
      for (const most of [1, 2, 3, 5]) expect(fault(most)).toBe(whole);
    }
  });

  it('tells whether a name may begin with an underscore', () => {
    const underscored = (text: string) => {
      const scanner = new JsonScanner(bytes(text));
      scanner.skipValue();
      return scanner.underscored;
    };
    expect(underscored('{"a":{"b":"_c"},"d":["_e"]}')).toBe(false);
    expect(underscored('{"a":{"_b":1}}')).toBe(true);
    expect(underscored('{"\\u005fa":1}')).toBe(true);
  });
});
