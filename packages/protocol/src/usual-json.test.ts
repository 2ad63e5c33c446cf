import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonScanner, JsonSyntaxError } from './json-scanner.js';
import { bytes } from './test-support.js';
import { MARGIN } from './usual-json.js';

/** So close to the end nothing is passed the quick way: who stops at every byte walks token by token. */
const TOKEN_BY_TOKEN = 1;
const AT_ONCE = Number.POSITIVE_INFINITY;

interface Walk {
  readonly fault: string | undefined;
  readonly offset: number;
  readonly underscored: boolean;
  /** Where the value began, and where it paused. */
  readonly places: readonly number[];
}

function attempt(scanner: JsonScanner, walk: () => void): Pick<Walk, 'fault' | 'offset' | 'underscored'> {
  let fault: string | undefined;
  try {
    walk();
  } catch (error) {
    if (!(error instanceof JsonSyntaxError)) throw error;
    fault = error.message;
    expect(error.offset).toBe(scanner.position);
  }
  return { fault, offset: scanner.position, underscored: scanner.underscored };
}

function walk(text: Uint8Array, step: number, maxDepth?: number): Walk {
  const scanner = new JsonScanner(text, maxDepth);
  const places: number[] = [];
  const outcome = attempt(scanner, () => {
    scanner.skipSpace();
    do places.push(scanner.position);
    while (!scanner.skipValue(scanner.position + step));
    scanner.expectEnd();
  });
  return { ...outcome, places };
}

/** The members of an object one by one, as the decoder goes through a frame. */
function walkMembers(text: Uint8Array, step: number): unknown {
  const scanner = new JsonScanner(text);
  const members: unknown[] = [];
  const outcome = attempt(scanner, () => {
    scanner.skipSpace();
    if (scanner.enterObject()) {
      do {
        scanner.passName();
        const start = scanner.position;
        while (!scanner.skipValue(scanner.position + step));
        const isString = text[start] === 0x22;
        members.push([start, scanner.position, isString && [scanner.escaped, scanner.ascii]]);
      } while (scanner.nextMember());
    }
    scanner.expectEnd();
  });
  return { ...outcome, members };
}

function sameHowever(text: Uint8Array, maxDepth?: number): void {
  const { places: everywhere, ...plain } = walk(text, TOKEN_BY_TOKEN, maxDepth);
  for (const step of [AT_ONCE, MARGIN, MARGIN + 1, 23, 40, 100]) {
    const { places, ...outcome } = walk(text, step, maxDepth);
    expect(outcome).toEqual(plain);
    for (const [before, place] of pairs(places)) {
      expect(place).toBe(everywhere.find((first) => first >= before + step));
    }
  }
}

function pairs(places: readonly number[]): Array<[number, number]> {
  return places.slice(1).map((place, i) => [places[i]!, place]);
}

const space = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  fc.constantFrom(' ', '\n', '\t', '\r\n', '  ', '\n    ', ' '.repeat(40)),
);
const piece = fc.oneof(
  { weight: 8, arbitrary: fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text).slice(1, -1)) },
  fc.constantFrom(
    '\\n',
    '\\"',
    '\\\\',
    '\\/',
    '\\u00e9',
    '\\u005F',
    '\\uD83D\\uDE00',
    'é',
    '天气',
    '😀',
    '_',
  ),
  fc.nat(200).map((length) => 'x'.repeat(length)),
  fc.nat(60).map((length) => '气'.repeat(length)),
);
const broken = fc.constantFrom(
  '\\ud800',
  '\\udc00',
  '\\ud800\\u0041',
  '\\ud800\\u00',
  '\\x',
  '\\u12g4',
  '\x1f',
);
const string = (part: fc.Arbitrary<string>) =>
  fc.array(part, { maxLength: 4 }).map((parts) => `"${parts.join('')}"`);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  fc.constantFrom('0', '-0', '10', '1E400', '-1.5e+3', '0.25', '0e-1', '9'.repeat(40)),
);
const brokenNumber = fc.constantFrom('01', '-', '1.', '.5', '1e', '+1', '1e+', '-a', 'NaN');
const literal = fc.constantFrom('true', 'false', 'null');
const brokenLiteral = fc.constantFrom('tru', 'falsy', 'nul', 'True', '', '}', ']', "'a'");

/** JSON with every kind of token and space between them; `faults` of a hundred values are none. */
function json(faults: number): fc.Arbitrary<string> {
  const or = (good: fc.Arbitrary<string>, bad: fc.Arbitrary<string>) =>
    faults === 0
      ? good
      : fc.oneof({ weight: 100 - faults, arbitrary: good }, { weight: faults, arbitrary: bad });
  const text = string(or(piece, broken));
  const { value } = fc.letrec<{ value: string; object: string; array: string }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      text,
      or(number, brokenNumber),
      or(literal, brokenLiteral),
      tie('array'),
      tie('object'),
    ),
    array: fc
      .array(
        fc.tuple(space, tie('value'), space).map((parts) => parts.join('')),
        { maxLength: 5 },
      )
      .map((elements) => `[${elements.join(',')}]`),
    object: fc
      .tuple(
        space,
        fc.array(
          fc
            .tuple(
              space,
              text,
              space,
              or(fc.constant(':'), fc.constantFrom('', ',')),
              space,
              tie('value'),
              space,
            )
            .map((parts) => parts.join('')),
          { maxLength: 5 },
        ),
      )
      .map(([first, members]) => `{${members.length === 0 ? first : members.join(',')}}`),
  }));
  return fc.tuple(space, value, space).map((parts) => parts.join(''));
}

/** Two spaces apart, since some have one inside. */
const FAULTY = String.raw`
  [1}  {"a":1]  [[1},2]  {"a":{"b":1],"c":2}  [1,2}}  [1]]  {"a":1}}  {"a":[1}
  [,1]  [1,]  [1,,2]  [1 2]  ["a" "b"]  ["a":1]  [1:2]  {,}  {"a"}  {"a",1}  {"a":}  {"a":1,}  {"a":1 "b":2}
  {1:2}  {[]:1}  {"a" "b"}  {"a"::1}  {"a":1,2}  {"a":1,"b"}  {true:1}
  [01]  [-]  [1.]  [.5]  [1e]  [+1]  [1e+]  [-01]  [1.e5]  [0x1]  [1a]  [/]  [2-]
  [tru]  [truE]  [trux]  [fals]  [falsy]  [nul]  [nulx]  [undefined]  [!]  [:]
  ["\x"]  ["\u12g4"]  ["\ud800"]  ["\udc00"]  {"\ud800":1}`
  .trim()
  .split(/\s{2,}/);

describe('JSON passed in one loop', () => {
  it('is what it is token by token', () => {
    fc.assert(
      fc.property(json(0), (text) => {
        expect(() => JSON.parse(text) as unknown).not.toThrow();
        const input = bytes(text);
        expect(walk(input, AT_ONCE).fault).toBeUndefined();
        sameHowever(input);
      }),
      { numRuns: 500 },
    );
  });

  it('has the faults it has token by token, in the same places', () => {
    fc.assert(
      fc.property(json(4), (text) => sameHowever(bytes(text))),
      { numRuns: 500 },
    );
  });

  it('has them wherever it is cut or damaged', () => {
    const damage = fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 2 }) });
    fc.assert(
      fc.property(json(0), fc.array(damage, { maxLength: 2 }), fc.nat(), (text, damages, length) => {
        const input = [...bytes(text)];
        for (const { at, cut, put } of damages) input.splice(at % (input.length + 1), cut, ...put);
        const damaged = Uint8Array.from(input);
        sameHowever(damaged);
        sameHowever(damaged.subarray(0, length % (damaged.length + 1)));
      }),
      { numRuns: 500 },
    );
  });

  it('nests as deep as it may token by token', () => {
    fc.assert(
      fc.property(json(0), fc.integer({ min: 1, max: 4 }), (text, maxDepth) =>
        sameHowever(bytes(text), maxDepth),
      ),
    );
  });

  it.each([...FAULTY, '[\x00]', '["\x1f"]', '{"\n":1}', '["a]'])(
    'finds the fault in %j far from the end',
    (faulty) => {
      for (const before of ['', '[1,"two",{"three":3}],']) {
        const text = bytes(`[${before}${faulty},${'0,'.repeat(MARGIN)}0]`);
        expect(walk(text, AT_ONCE).fault).toBeDefined();
        sameHowever(text);
      }
    },
  );

  it('stops at every offset of a text as it does token by token', () => {
    const text = bytes(
      ' {"id":0,"_name" : "item \\"0\\" 天气","tags":["new", "\\ud83d\\ude00",{},[ ]],"price":-0.5e+10 ,\n' +
        `   "long":"${'x'.repeat(90)}","天":"${'气'.repeat(40)}","\\u005f":[true,false,null,[[{"a":[1]}]]]} `,
    );
    const { places: everywhere } = walk(text, TOKEN_BY_TOKEN);
    for (let pauseAt = 1; pauseAt < text.length; pauseAt++) {
      const scanner = new JsonScanner(text);
      scanner.skipSpace();
      const whole = scanner.skipValue(pauseAt);
      if (!whole) expect(scanner.position).toBe(everywhere.find((place) => place >= pauseAt));
      while (!whole && !scanner.skipValue());
      scanner.expectEnd();
      expect(scanner.underscored).toBe(true);
    }
  });

  it('refuses every cut of a text where it does token by token', () => {
    const text = bytes('{"id":0,"a":["\\ud83d\\ude00",-1.5e+3,true,{}],"b":{ "c" : null },"d":"天气"}');
    for (let length = 0; length < text.length; length++) {
      for (const tail of ['', ' '.repeat(MARGIN), '\0'.repeat(MARGIN), '"'.repeat(MARGIN)]) {
        const cut = Uint8Array.from([...text.subarray(0, length), ...bytes(tail)]);
        sameHowever(cut);
      }
    }
  });

  it('agrees with JSON.parse far from the end of the text', () => {
    fc.assert(
      fc.property(json(3), fc.constantFrom('', ' '.repeat(2 * MARGIN)), (text, tail) => {
        if (/\\ud/.test(text)) return;
        const parses = () => JSON.parse(text + tail) as unknown;
        if (walk(bytes(text + tail), AT_ONCE).fault === undefined) expect(parses).not.toThrow();
        else expect(parses).toThrow(SyntaxError);
      }),
      { numRuns: 1000 },
    );
  });

  it('finds members where they are, and tells of their strings what it does token by token', () => {
    fc.assert(
      fc.property(fc.array(json(1), { minLength: 1, maxLength: 5 }), (values) => {
        const text = bytes(`{${values.map((value, i) => `"member ${i}":${value.trim()}`).join(',')}}`);
        const plain = walkMembers(text, TOKEN_BY_TOKEN);
        for (const step of [AT_ONCE, MARGIN, 50]) expect(walkMembers(text, step)).toEqual(plain);
      }),
      { numRuns: 300 },
    );
  });

  it('takes any byte in any place of a string in a container for what it takes it for by itself', () => {
    for (let byte = 0; byte < 0x100; byte++) {
      for (const at of [0, 7, 8, 65, 140]) {
        const input = bytes(`["${'x'.repeat(150)}",1,2,3,4,5,6,7,8,9]`);
        input[at + 2] = byte;
        sameHowever(input);
      }
    }
  });
});
