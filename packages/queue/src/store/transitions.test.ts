import { keyOf, MemoryStorage, type Store } from 'iii-storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { countsIn } from './counts.js';
import { Transitions } from './transitions.js';

const VALUE = Buffer.from('v');

describe('changes of one turn', () => {
  let store: Store;
  let transitions: Transitions;

  beforeEach(async () => {
    store = await new MemoryStorage().open({ name: 'jobs' });
    transitions = new Transitions(store);
  });

  it('are one transaction, each seeing those before it', async () => {
    const results = await Promise.all(
      [1, 2, 3].map((n) =>
        transitions.make((tx, tally) => {
          const isSeen = tx.has(keyOf(n - 1));
          tx.put(keyOf(n), VALUE);
          tally.add(7, { enqueued: 1, waiting: 2 });
          return [n, isSeen, tally.of(7).waiting];
        }),
      ),
    );
    expect(results).toEqual([
      [1, false, 2],
      [2, true, 4],
      [3, true, 6],
    ]);
    expect(store.figures().transactions).toBe(1);
    expect(countsIn(store, 7)).toMatchObject({ enqueued: 3, waiting: 6 });
  });

  it('do not suffer from one of them that is refused, which leaves nothing behind', async () => {
    const change = (n: number) =>
      transitions.make((tx, tally) => {
        tx.put(keyOf(n), VALUE);
        tally.add(7, { enqueued: 1 });
        if (n === 2) throw new Error('no');
        return n;
      });
    const settled = await Promise.allSettled([1, 2, 3].map(change));
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([1, 2, 3].map((n) => store.has(keyOf(n)))).toEqual([true, false, true]);
    expect(countsIn(store, 7).enqueued).toBe(2);
  });

  it('keep their order, also where one is refused', async () => {
    const order: number[] = [];
    const changes = [1, 2, 3, 4].map((n) =>
      transitions
        .make(() => {
          if (n === 2) throw new Error('no');
          return n;
        })
        .then(
          () => order.push(n),
          () => order.push(-n),
        ),
    );
    await Promise.all(changes);
    expect(order).toEqual([1, -2, 3, 4]);
  });

  it('keep it behind many, of which one is refused', async () => {
    const runs: number[] = [];
    const changes = Array.from({ length: 20 }, (_, n) =>
      transitions.make(() => {
        runs.push(n);
        if (n === 2) throw new Error('no');
      }),
    );
    await Promise.allSettled(changes);
    // Those that counted: of what was run twice, the second.
    expect(runs.slice(-20)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('are made before the end of the turn when asked to', async () => {
    const made = transitions.make((tx) => tx.put(keyOf(1), VALUE));
    await transitions.finish();
    expect(store.has(keyOf(1))).toBe(true);
    await made;
  });

  it('are all refused by a store that is closed', async () => {
    await store.close();
    const changes = [1, 2].map((n) => transitions.make((tx) => tx.put(keyOf(n), VALUE)));
    for (const change of changes) await expect(change).rejects.toMatchObject({ code: 'STORE_CLOSED' });
    await transitions.finish();
  });
});
