import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isPattern, TopicTree } from './topic-tree.js';

function matches(subscribed: string, topic: string): boolean {
  const tree = new TopicTree<string>();
  tree.add(subscribed, 'it');
  return tree.matching(topic).has('it');
}

describe('a topic', () => {
  it.each([
    ['orders', 'orders', true],
    ['orders', 'Orders', false],
    ['orders', 'orders.created', false],
    ['orders.created', 'orders', false],
    ['orders.', 'orders', false],
    [' orders', 'orders', false],
    ['__proto__', '__proto__', true],
    ['constructor', 'toString', false],
  ])('%j gets messages to %j: %s', (subscribed, topic, expected) => {
    expect(matches(subscribed, topic)).toBe(expected);
  });
});

describe('a pattern', () => {
  it.each([
    ['orders.*', 'orders.created', true],
    ['orders.*', 'orders', false],
    ['orders.*', 'orders.', true],
    ['orders.*', 'orders.created.eu', false],
    ['*.created', 'orders.created', true],
    ['*', 'orders', true],
    ['*', 'orders.created', false],
    ['orders.#', 'orders', true],
    ['orders.#', 'orders.created.eu', true],
    ['orders.#', 'ordersx', false],
    ['#', 'anything.at.all', true],
    ['#', '', true],
    ['a.#.z', 'a.z', true],
    ['a.#.z', 'a.b.c.z', true],
    ['a.#.z', 'a.b.c', false],
    ['#.#.b', 'a.b', true],
    ['*.#', 'a', true],
    // Not whole words: they stand for themselves.
    ['orders*', 'ordersx', false],
    ['orders*', 'orders*', true],
    // A topic of that very name, as with an engine that knows no patterns.
    ['orders.*', 'orders.*', true],
    ['orders.#', 'orders.#', true],
  ])('%j gets messages to %j: %s', (subscribed, topic, expected) => {
    expect(matches(subscribed, topic)).toBe(expected);
  });

  it('is one where a whole word says so', () => {
    expect(['a', 'a*', 'a.*', '#', 'a.#b'].filter(isPattern)).toEqual(['a.*', '#']);
  });

  it('with many # costs no more than words times words', () => {
    const tree = new TopicTree<string>();
    tree.add(`${'#.'.repeat(60)}end`, 'it');
    expect([...tree.matching(`${'x.'.repeat(60)}end`)]).toEqual(['it']);
    expect([...tree.matching(`${'x.'.repeat(60)}other`)]).toEqual([]);
  });
});

describe('the tree', () => {
  it('names everyone once, however many ways lead there', () => {
    const tree = new TopicTree<string>();
    for (const topic of ['a.b', 'a.*', '#']) tree.add(topic, 'same');
    tree.add('a.b', 'other');
    tree.add('a.b', 'other');
    expect([...tree.matching('a.b')]).toEqual(['same', 'other']);
  });

  it('forgets one and keeps the others', () => {
    const tree = new TopicTree<string>();
    for (const topic of ['a', 'a.*', 'a.*.c']) for (const value of ['x', 'y']) tree.add(topic, value);
    for (const topic of ['a', 'a.*', 'never.there', 'a.*.#']) tree.remove(topic, 'x');
    expect(['a', 'a.b', 'a.b.c'].map((topic) => [...tree.matching(topic)])).toEqual([
      ['y'],
      ['y'],
      ['x', 'y'],
    ]);
  });

  it('holds whatever is added and removed exactly as a plain list would', () => {
    const word = fc.constantFrom('a', 'b', '*', '#');
    const topic = fc.array(word, { minLength: 1, maxLength: 4 }).map((words) => words.join('.'));
    const step = fc.record({ add: fc.boolean(), topic, value: fc.integer({ min: 0, max: 2 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), topic, (steps, asked) => {
        const tree = new TopicTree<number>();
        const list = new Map<string, Set<number>>();
        for (const { add, topic: subscribed, value } of steps) {
          const values = list.get(subscribed) ?? new Set();
          list.set(subscribed, values);
          if (add) {
            tree.add(subscribed, value);
            values.add(value);
          } else {
            tree.remove(subscribed, value);
            values.delete(value);
          }
        }
        const expected = [...list].flatMap(([subscribed, values]) =>
          asExpression(subscribed).test(asked) || subscribed === asked ? [...values] : [],
        );
        expect([...tree.matching(asked)].sort()).toEqual([...new Set(expected)].sort());
      }),
    );
  });
});

/** The same in the words of regular expressions: every word of a topic followed by a dot. */
function asExpression(pattern: string): { test(topic: string): boolean } {
  const parts = pattern.split('.').map((word) => {
    if (word === '*') return '[^.]*\\.';
    return word === '#' ? '(?:[^.]*\\.)*' : `${word}\\.`;
  });
  const expression = new RegExp(`^${parts.join('')}$`);
  return { test: (topic) => expression.test(`${topic}.`) };
}
