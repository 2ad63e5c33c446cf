import { rawFromText } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import type { OutgoingMessage } from './message.js';
import { spellLongMessage, textOfMessage } from './message-text.js';
import { RawValue } from './raw-value.js';

const LONG = 'Deliver it, please, to the back door; ring twice. '.repeat(20);
const ID = '5f0e8a34-7d1c-4c7e-9f6b-2d3a41c0b7e9';

const callWith = (data: unknown): OutgoingMessage => ({
  type: 'invokefunction',
  invocation_id: ID,
  function_id: 'orders::take',
  data,
});
const answerWith = (result: unknown): OutgoingMessage => ({
  type: 'invocationresult',
  invocation_id: ID,
  function_id: 'orders::take',
  result,
});

class Customer {
  readonly name = LONG;
  #secret = 'kept';
  get secret() {
    return this.#secret;
  }
}

const withoutPrototype = Object.assign(Object.create(null), { text: LONG, n: 1 });
const withName = JSON.parse(`{"__proto__":"${LONG}","a\\"b":1}`);
const sparse = [1, 2, 3];
delete sparse[1];

const VALUES: ReadonlyArray<readonly [string, unknown]> = [
  ['nothing', null],
  ['nothing at all', undefined],
  ['numbers', [0, -0, 1.5, 1e300, Number.NaN, Number.POSITIVE_INFINITY]],
  ['a short text', 'short'],
  ['a long text', LONG],
  ['a long text with quotation marks', `"${LONG}"`],
  ['a long text with control characters', `${LONG}\u0000\n\u001f\u007f`],
  ['a long text beyond ASCII', `${LONG}é…😀`],
  ['a long text with half a character', `${LONG}\ud83d`],
  ['a short record', { id: 17, tags: ['new'], paid: true }],
  ['a record with a long text', { text: LONG }],
  [
    'a record with a long text and all kinds of members',
    { n: -0, text: LONG, no: null, list: [1, { a: LONG }], yes: true },
  ],
  ['members without a JSON form', { a: undefined, text: LONG, f: () => 1, s: Symbol('s'), nan: Number.NaN }],
  ['names that have to be escaped', { 'a"b': 1, 'c\\d': LONG, é: 2, '': 3 }],
  ['a member called __proto__', withName],
  [
    'more members than are looked at',
    Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`m${n}`, LONG])),
  ],
  ['members in the order of their names, where those are numbers', { b: LONG, 2: 'two', 1: 'one' }],
  ['a record without a prototype', withoutPrototype],
  ['an object of a class', new Customer()],
  ['an object of a class with a long text beside it', { customer: new Customer(), text: LONG }],
  ['a date', new Date(0)],
  ['a date beside a long text', { text: LONG, at: new Date(0) }],
  ['a list with a hole', sparse],
  ['a map, which has no members', { text: LONG, map: new Map([[1, 2]]) }],
  ['boxed values', { text: LONG, boxed: new String('boxed'), n: new Number(1) }],
  ['a function', () => 1],
  ['a symbol', Symbol('s')],
  ['bytes', { text: LONG, bytes: Buffer.from('ab') }],
];

describe('the text of a message', () => {
  it.each(VALUES)('is what JSON says of a call with %s', (_, value) => {
    expect(textOfMessage(callWith(value))).toBe(JSON.stringify(callWith(value)));
  });

  it.each(VALUES)('is what JSON says of an answer with %s', (_, value) => {
    expect(textOfMessage(answerWith(value))).toBe(JSON.stringify(answerWith(value)));
  });

  it.each([
    ['a value', (toJSON: (name: string) => unknown) => ({ toJSON })],
    ['a value with a long text', (toJSON: (name: string) => unknown) => ({ text: LONG, toJSON })],
    [
      'a member beside a long text',
      (toJSON: (name: string) => unknown) => ({ text: LONG, each: { toJSON } }),
    ],
    ['a function', (toJSON: (name: string) => unknown) => Object.assign(() => 1, { toJSON })],
  ])('lets %s say what stands in its place, and tells it what of', (_, make) => {
    for (const value of [make((name) => `as ${name}`), make(() => undefined), make(() => LONG)])
      expect(textOfMessage(callWith(value))).toBe(JSON.stringify(callWith(value)));
  });

  it('has all that a call may say', () => {
    const call: OutgoingMessage = {
      ...callWith({ text: LONG }),
      type: 'invokefunction',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      baggage: 'user="Ann"',
      action: { type: 'enqueue', queue: 'mails "urgent"' },
      metadata: { tenant: 'a', note: LONG },
      namespace: 'späti',
      deadline_ms: 1_790_000_000_000,
    } as OutgoingMessage;
    expect(textOfMessage(call)).toBe(JSON.stringify(call));
  });

  it('has all that an answer may say', () => {
    const answer: OutgoingMessage = {
      type: 'invocationresult',
      invocation_id: ID,
      function_id: 'orders::take',
      traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      baggage: 'user=Ann',
      error: { code: 'OUT_OF_STOCK', message: `${LONG}\n`, stacktrace: 'Error: …\n  at take' },
    };
    expect(textOfMessage(answer)).toBe(JSON.stringify(answer));
  });

  it('spells other messages as JSON does', () => {
    const message: OutgoingMessage = { type: 'registerfunction', id: 'orders::take', description: LONG };
    expect(textOfMessage(message)).toBe(JSON.stringify(message));
  });

  it('takes what is text already as it is spelled', () => {
    const raw = new RawValue(rawFromText('{"n": 1.0, "n": 12345678901234567890}'));
    expect(textOfMessage(callWith(raw))).toContain('"data":{"n": 1.0, "n": 12345678901234567890}');
    expect(textOfMessage(answerWith(raw))).toContain('"result":{"n": 1.0, "n": 12345678901234567890}');
  });

  it('is whole whatever a getter says the next time', () => {
    let reads = 0;
    const changing = {
      get text() {
        return reads++ === 0 ? LONG : undefined;
      },
    };
    expect(JSON.parse(textOfMessage(callWith(changing)))).toMatchObject({ data: {} });
  });

  it('refuses what has no JSON form', () => {
    const circle: Record<string, unknown> = { text: LONG };
    circle.self = circle;
    expect(() => textOfMessage(callWith(circle))).toThrow(TypeError);
    expect(() => textOfMessage(callWith({ text: LONG, n: 1n }))).toThrow(TypeError);
    expect(() => textOfMessage(callWith(1n))).toThrow(TypeError);
  });

  it('takes a very long text', () => {
    const text = 'x'.repeat(32 * 1024 * 1024);
    expect(textOfMessage(callWith(text)).length).toBe(JSON.stringify(callWith('')).length + text.length);
    expect(textOfMessage(callWith(`${text}"`)).endsWith('x\\""}')).toBe(true);
  });
});

const items = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, name: `näme "${id}"`, tags: ['new', null] }));
const MANY = items(3_000);
const withHoles = [...MANY];
for (const at of [0, 1_023, 1_024, 2_999]) delete withHoles[at];
const placed = { toJSON: (at: string) => `at ${at}` };
const withPlaced: unknown[] = [...MANY];
withPlaced[2_000] = placed;

/** Its slices cannot be made: a slice is made by the constructor, which is given a length. */
class Rows extends Array<unknown> {
  constructor(from: { readonly rows: readonly unknown[] }) {
    super();
    this.push(...from.rows);
  }
}

/** With a long list, and whether they are spelled piece by piece. */
const LONG_VALUES: ReadonlyArray<readonly [string, boolean, unknown]> = [
  ['a long list', true, MANY],
  ['a list that is just long enough', true, items(1_025)],
  ['a list that is not', false, items(1_024)],
  ['lists as long as slices', true, { a: items(2_048), b: items(2_049) }],
  ['a list with holes', true, withHoles],
  [
    'a list of what has no JSON form',
    true,
    MANY.map((_, n) => [undefined, () => n, Symbol('s'), Number.NaN][n % 4]),
  ],
  ['a list of lists', true, MANY.map(({ tags }) => tags)],
  ['a list as a member', true, { id: 17, items: MANY, note: LONG, no: undefined, f: () => 1, at: null }],
  ['a list behind what has no JSON form', true, { no: undefined, 'a "name"': MANY }],
  ['a list three levels down', true, { a: { b: { c: MANY, d: 1 }, e: [] }, f: {} }],
  ['a list four levels down', false, { a: { b: { c: { d: MANY } } } }],
  [
    'a list among more members than are looked at',
    false,
    { ...Object.fromEntries(items(100).entries()), MANY },
  ],
  ['a list in an object without a prototype', true, Object.assign(Object.create(null), { MANY })],
  ['a list in an object of a class', false, Object.assign(new Customer(), { MANY })],
  ['a long list of an own kind', false, new Rows({ rows: MANY })],
  ['an item that asks for its place', false, withPlaced],
  ['a member that asks for its name', false, { items: MANY, placed }],
  ['a list that says itself', false, Object.assign([...MANY], { toJSON: () => 'a list' })],
  ['an object that says itself', false, { items: MANY, toJSON: () => 'an object' }],
  ['dates deep inside', true, MANY.map(({ id }) => ({ at: new Date(id) }))],
];

describe('the text of a message with a long list, spelled piece by piece,', () => {
  const spell = (message: OutgoingMessage) => {
    const texts: string[] = [];
    const isSpelled = spellLongMessage(message, { add: (text) => texts.push(text) });
    return { isSpelled, text: texts.join(''), longest: Math.max(...texts.map(({ length }) => length)) };
  };

  it.each(LONG_VALUES)('is what JSON says of one with %s: %j', (_, isPiecewise, value) => {
    for (const message of [callWith(value), answerWith(value)]) {
      const { isSpelled, text, longest } = spell(message);
      expect(isSpelled).toBe(isPiecewise);
      expect(textOfMessage(message)).toBe(JSON.stringify(message));
      if (!isSpelled) continue;
      expect(text === JSON.stringify(message)).toBe(true);
      expect(longest).toBeLessThan(text.length);
    }
  });

  it('has all that a call and an answer may say', () => {
    const call = {
      ...callWith(MANY),
      baggage: 'user="Ann"',
      namespace: 'späti',
      deadline_ms: 1,
    } as OutgoingMessage;
    const answer: OutgoingMessage = {
      type: 'invocationresult',
      invocation_id: ID,
      function_id: 'orders::take',
      baggage: 'user=Ann',
      result: MANY,
      error: { code: 'x', message: 'é' },
    };
    for (const message of [call, answer]) expect(spell(message).text === JSON.stringify(message)).toBe(true);
  });

  it('is left to others where there is none', () => {
    for (const [, value] of VALUES) expect(spell(callWith(value)).isSpelled).toBe(false);
    const raw = new RawValue(rawFromText('[1]'));
    const others = [callWith(raw), { type: 'registerfunction', id: 'f', metadata: MANY } as OutgoingMessage];
    for (const message of others) expect(spell(message).isSpelled).toBe(false);
  });

  it('refuses what has no JSON form', () => {
    const circle: Record<string, unknown> = { items: MANY };
    circle.self = circle;
    expect(() => spell(callWith(circle))).toThrow(TypeError);
    const list: unknown[] = [...MANY];
    list.push(list);
    expect(() => spell(callWith(list))).toThrow(TypeError);
    expect(() => spell(answerWith({ items: MANY, n: 1n }))).toThrow(TypeError);
  });
});
