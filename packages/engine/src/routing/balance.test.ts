import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

function replicas(
  count: number,
  iii?: object,
): { engine: TestEngine; workers: TestWorker[]; caller: TestWorker } {
  const engine = new TestEngine();
  const workers = Array.from({ length: count }, (_, n) =>
    engine.worker(`w${n}`).offer('a::b', iii === undefined ? {} : { metadata: { iii } }),
  );
  return { engine, workers, caller: engine.worker('caller') };
}

/** Which of the workers got calls since the last time, by their position. */
function takers(workers: TestWorker[]): number[] {
  return workers.flatMap((worker, at) => worker.take('invokefunction').map(() => at));
}

describe('round robin', () => {
  it('goes around, however busy the replicas are', () => {
    const { workers, caller } = replicas(3, { balance: 'round_robin' });
    const order: number[] = [];
    for (let n = 0; n < 6; n++) {
      caller.call('a::b');
      order.push(...takers(workers));
    }
    expect(order.slice(3)).toEqual(order.slice(0, 3));
    expect([...order.slice(0, 3)].sort()).toEqual([0, 1, 2]);
  });
});

describe('sticky calls', () => {
  const sticky = { balance: 'sticky', sticky_key: 'user.id' };
  const target = (workers: TestWorker[], caller: TestWorker, id: unknown): number | undefined => {
    caller.call('a::b', { user: { id } });
    return takers(workers)[0];
  };

  it('go to one replica for one value at the key, and to all of them for many', () => {
    const { workers, caller } = replicas(3, sticky);
    const where = Array.from({ length: 300 }, (_, n) => target(workers, caller, n));
    expect(Array.from({ length: 300 }, (_, n) => target(workers, caller, n))).toEqual(where);
    for (const at of [0, 1, 2]) expect(where.filter((w) => w === at).length).toBeGreaterThan(50);
  });

  it('move only away from a replica that leaves', () => {
    const { workers, caller } = replicas(3, sticky);
    const before = Array.from({ length: 300 }, (_, n) => target(workers, caller, n));
    workers[2]?.disconnect();
    const after = Array.from({ length: 300 }, (_, n) => target(workers, caller, n));
    expect(before.filter((at, n) => at !== 2 && at !== after[n])).toEqual([]);
    expect(new Set(after)).toEqual(new Set([0, 1]));
  });

  it('tell a number from the text that looks like it', () => {
    const { workers, caller } = replicas(8, sticky);
    const differ = Array.from(
      { length: 20 },
      (_, n) => target(workers, caller, n) !== target(workers, caller, `${n}`),
    );
    expect(differ).toContain(true);
  });

  it('without a value at the key are shared like any others', () => {
    const { workers, caller } = replicas(2, sticky);
    for (const data of [null, [], 'text', {}, { user: null }, { user: { id: null } }])
      caller.call('a::b', data);
    expect(takers(workers)).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it('do not follow what an object inherits', () => {
    const { workers, caller } = replicas(2, { balance: 'sticky', sticky_key: '__proto__.constructor' });
    for (let n = 0; n < 4; n++) caller.call('a::b', {});
    expect(takers(workers)).toEqual([0, 0, 1, 1]);
  });
});

describe('a replica for which too much waits', () => {
  it('is passed over while another one can take the call', () => {
    const { workers, caller } = replicas(2);
    workers[0]!.bufferedBytes = 1024 * 1024;
    for (let n = 0; n < 3; n++) caller.call('a::b');
    expect(takers(workers)).toEqual([1, 1, 1]);
    workers[1]!.bufferedBytes = 1024 * 1024;
    caller.call('a::b');
    expect(takers(workers)).toHaveLength(1);
  });

  it('keeps its place when it has caught up', () => {
    const { workers, caller } = replicas(2, { balance: 'round_robin' });
    workers[0]!.bufferedBytes = 1024 * 1024;
    caller.call('a::b');
    expect(takers(workers)).toEqual([1]);
    workers[0]!.bufferedBytes = 0;
    caller.call('a::b');
    caller.call('a::b');
    expect(takers(workers)).toEqual([0, 1]);
  });
});

describe('the way calls are shared', () => {
  it('is what the newest replica asks for', () => {
    const { engine, workers, caller } = replicas(2);
    engine.worker('w2').offer('a::b', { metadata: { iii: { balance: 'sticky', sticky_key: 'k' } } });
    for (let n = 0; n < 6; n++) caller.call('a::b', { k: 'same' });
    const counts = [...workers.map((worker) => worker.got('invokefunction').length)];
    expect(counts.every((count) => count === 0 || count === 6)).toBe(true);
  });

  it.each([
    { balance: 'fastest' },
    { balance: 'sticky' },
    { balance: 'sticky', sticky_key: '' },
    { balance: 7 },
    'round_robin',
    null,
  ])('is the usual one when asked for with %j', (iii) => {
    const { workers, caller } = replicas(2, iii as object);
    for (let n = 0; n < 4; n++) caller.call('a::b', { k: 1 });
    expect(takers(workers)).toEqual([0, 0, 1, 1]);
  });
});
