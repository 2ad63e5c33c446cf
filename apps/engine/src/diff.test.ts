import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InstanceNames, typeOf } from './config/instance-names.js';
import { type Declared, type Diff, diff } from './diff.js';

/** Items as a plan has them, of names with and without `#` and the ports they are on. */
function declared(...entries: ReadonlyArray<readonly [name: string, port: number]>): Declared[] {
  const names = new InstanceNames(entries.map(([name]) => name));
  return entries.flatMap(([name, port]) => {
    const instance = names.next(name);
    return instance === undefined ? [] : [{ instance, numbered: !name.includes('#'), config: { port } }];
  });
}

/** In short: `+added -removed ~changed =unchanged`, each with its configuration. */
function told({ added, removed, changed, unchanged }: Diff<Declared>): string {
  const name = ({ instance, config }: Declared) => `${instance}:${(config as { port: number }).port}`;
  return [
    ...added.map((item) => `+${name(item)}`),
    ...removed.map((item) => `-${name(item)}`),
    ...changed.map(({ before, after }) => `~${name(before)}>${name(after).split(':')[1]}`),
    ...unchanged.map((item) => `=${name(item)}`),
  ].join(' ');
}

function apply(before: readonly Declared[], { added, removed, changed }: Diff<Declared>): Declared[] {
  const items = new Map(before.map((item) => [item.instance, item]));
  for (const { instance } of removed) expect(items.delete(instance)).toBe(true);
  for (const change of changed) {
    expect(items.get(change.before.instance)).toBe(change.before);
    expect(change.after.instance).toBe(change.before.instance);
    items.set(change.after.instance, change.after);
  }
  for (const item of added) {
    expect(items.has(item.instance)).toBe(false);
    items.set(item.instance, item);
  }
  return [...items.values()];
}

/** What an item is, apart from its name. */
const essence = ({ instance, config }: Declared) => JSON.stringify([typeOf(instance), config]);

const plans = fc
  .array(fc.tuple(fc.constantFrom('a', 'b', 'a#x', 'a#1', 'b#1'), fc.integer({ min: 0, max: 2 })), {
    maxLength: 7,
  })
  .map((entries) => declared(...entries));

/** A configuration after some others before it, with the names that its items have by then. */
const running = fc
  .array(plans, { minLength: 1, maxLength: 3 })
  .map((history) => history.reduce<Declared[]>((now, next) => apply(now, diff(now, next)), []));

describe('the difference of two configurations', () => {
  it.each([
    ['of equal ones is nothing', declared(['a', 1], ['b', 2]), declared(['a', 1], ['b', 2]), '=a:1 =b:2'],
    ['ignores the order', declared(['a', 1], ['b', 2]), declared(['b', 2], ['a', 1]), '=b:2 =a:1'],
    [
      'tells what is new, gone, and different',
      declared(['a', 1], ['b', 2], ['d', 4]),
      declared(['b', 3], ['c', 4], ['d', 4]),
      '+c:4 -a:1 ~b:2>3 =d:4',
    ],
    [
      'ignores the order among those of one name',
      declared(['a', 1], ['a', 2]),
      declared(['a', 2], ['a', 1]),
      '=a#1:2 =a:1',
    ],
    [
      'leaves the second of a name alone when the first goes',
      declared(['a', 1], ['a', 2]),
      declared(['a', 2]),
      '-a:1 =a#1:2',
    ],
    [
      'takes a free name for what is new beside it',
      declared(['a', 1], ['a', 2]),
      declared(['a', 2], ['a', 3]),
      '~a:1>3 =a#1:2',
    ],
    [
      'goes by names that were chosen',
      declared(['a#x', 1], ['a#y', 2]),
      declared(['a#x', 2], ['a#y', 1]),
      '~a#x:1>2 ~a#y:2>1',
    ],
    [
      'does not give away a name that is asked for',
      declared(['a', 1], ['a', 2]),
      declared(['a', 2], ['a#1', 1]),
      '~a:1>2 ~a#1:2>1',
    ],
  ])('%s', (_, before, after, expected) => {
    expect(told(diff(before, after))).toBe(expected);
  });

  it('compares configurations by their structure', () => {
    const item = (config: object): Declared => ({ instance: 'a', numbered: true, config });
    const one = item({ cors: { origins: ['x', 'y'] }, port: 1 });
    expect(diff([one], [item({ port: 1, cors: { origins: ['x', 'y'] } })]).unchanged).toHaveLength(1);
    expect(diff([one], [item({ port: 1, cors: { origins: ['y', 'x'] } })]).changed).toHaveLength(1);
    expect(diff([one], [item({ port: 1, cors: undefined })]).changed).toHaveLength(1);
  });

  it('applied to the old one gives the new one', () => {
    fc.assert(
      fc.property(running, plans, (before, after) => {
        const result = apply(before, diff(before, after));
        expect(result.map(essence).sort()).toEqual(after.map(essence).sort());
        for (const { instance, config, numbered } of after) {
          if (!numbered) expect(result).toContainEqual(expect.objectContaining({ instance, config }));
        }
        expect(new Set(result.map(({ instance }) => instance)).size).toBe(after.length);
      }),
    );
  });

  it('has every item in exactly one place', () => {
    fc.assert(
      fc.property(running, plans, (before, after) => {
        const { added, removed, changed, unchanged } = diff(before, after);
        expect(added.length + changed.length + unchanged.length).toBe(after.length);
        expect(removed.length + changed.length + unchanged.length).toBe(before.length);
      }),
    );
  });

  it('is nothing for what runs already, in any order', () => {
    const shuffled = running.chain((items) =>
      fc.tuple(fc.constant(items), fc.shuffledSubarray(items, { minLength: items.length })),
    );
    fc.assert(
      fc.property(shuffled, ([before, after]) => {
        const { added, removed, changed } = diff(before, after);
        expect([added, removed, changed]).toEqual([[], [], []]);
      }),
    );
  });
});
