import fc from 'fast-check';
import { rawFromValue } from 'iii-protocol';
import { keyOf, MemoryStorage, type Store } from 'iii-storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { recovered } from '../dispatch/recovered.js';
import { begun, type Entry, type Job, type JobState, NEW_STATE } from '../job.js';
import { functionLane } from '../lane-names.js';
import { listedIn, MOST_LISTED } from './at-work.js';
import { moveAll, purge, removeAll } from './bulk.js';
import { JobStore } from './job-store.js';
import { keys } from './keys.js';
import { putAt } from './places.js';
import { encodeJob } from './records.js';

const nobody = () => false;
const KEEP = { maxMessages: undefined, ttlMs: undefined };
const LANE = functionLane('default', 'f');
/** Of a job that has a record of its own from the beginning. */
const LONG = rawFromValue('x'.repeat(5_000));
const NOW = 1_000;
const MANY = 20;

interface Waiting {
  readonly entry: Entry;
  readonly job: Job;
}

describe('jobs at work', () => {
  let store: Store;
  let jobs: JobStore;
  let receipts = 0;

  const put = async (queue = 1): Promise<Waiting> => {
    const receipt = `r${++receipts}`;
    const place = { queue, lane: LANE, priority: 0, receipt, functionId: 'f', namespace: 'default' };
    const [accepted] = await jobs.add(
      [{ ...place, data: receipts % 3 === 0 ? LONG : rawFromValue(receipts) }],
      nobody,
    );
    if (accepted?.entry === undefined || accepted.job === undefined) throw new Error('it does not wait');
    return { entry: accepted.entry, job: accepted.job };
  };
  const putAll = (count: number, queue = 1) => Promise.all(Array.from({ length: count }, () => put(queue)));
  /** Resolves when it is written. */
  const beginOf = async (entry: Entry, state: JobState, job = jobs.jobAt(entry)): Promise<void> => {
    let failure: unknown;
    if (job === undefined) throw new Error('it is not there');
    jobs.begin(entry, job, state, (error) => {
      failure = error;
    });
    await jobs.change(() => {}).catch(() => {});
    if (failure !== undefined) throw failure;
  };
  const begin = ({ entry, job }: Waiting) => beginOf(entry, entry.state, job);
  /** What is there when it is opened again. */
  const reopen = () => {
    jobs = new JobStore(store, () => NOW);
  };
  const stateOf = (seq: number, queue = 1) => [...jobs.waiting(queue)].find((one) => one.seq === seq)?.state;
  /** The record of a job itself, whatever is listed. */
  const written = ({ entry }: Waiting) =>
    Buffer.from(store.get(keys.waiting(entry.queue, entry.lane, entry)) ?? []).toString();

  /** That the store holds what it says it holds. */
  const expectCounted = () => {
    const all = [...store.range()];
    const bytes = all.reduce((sum, [key, value]) => sum + key.length + value.length, 0);
    expect(store.figures()).toMatchObject({ entries: all.length, bytes });
  };

  beforeEach(async () => {
    store = await new MemoryStorage().open({ name: 'jobs' });
    reopen();
  });

  it('of one turn are written down together, and count as begun wherever they are looked at', async () => {
    const [a, b, other] = [await put(), await put(), await put(2)];
    const before = store.figures();
    const asItCame = written(a);
    await Promise.all([a, b, other].map((one) => begin(one)));
    expect(store.figures()).toMatchObject({
      transactions: before.transactions + 1,
      entries: before.entries + 2,
    });
    expect(written(a)).toBe(asItCame);
    expect(listedIn(store, 1)).toEqual([a.entry.seq, b.entry.seq]);
    expect(listedIn(store, 2)).toEqual([other.entry.seq]);
    const { seq } = a.entry;
    expect(jobs.heads(1, LANE, undefined, nobody, 9).map(({ state }) => state.started)).toEqual([1, 1]);
    expect(jobs.heads(1, LANE, undefined, (taken) => taken === seq, 9)).toHaveLength(1);
    expect(jobs.find(a.job.receipt)?.state).toMatchObject({ started: 1 });
    expect([...jobs.jobsOf(1)].map(({ state }) => state.started)).toEqual([1, 1]);
  });

  it('that end in the turn they began in are not written down', async () => {
    const [a, b] = [await put(), await put()];
    const { bytes } = store.figures();
    await begin(b);
    await Promise.all([begin(a), jobs.finish(a.entry, a.job), jobs.update(b.entry, NEW_STATE)]);
    expect(listedIn(store, 1)).toEqual([]);
    expect(store.figures().bytes).toBeLessThan(bytes);
  });

  it('are recovered once after a crash, and after another once more', async () => {
    const one = await put();
    await begin(one);
    for (const interrupted of [1, 2, 3]) {
      reopen();
      const [entry] = jobs.heads(1, LANE, undefined, nobody, 1);
      if (entry === undefined) throw new Error('it is not there');
      const state = recovered(entry.state, 9, NOW);
      expect(state).toMatchObject({ started: interrupted, failed: 0, interrupted });
      await beginOf(entry, state);
      expect(stateOf(entry.seq)).toMatchObject({ started: interrupted + 1, interrupted });
    }
  });

  it('are not counted twice where what was read of them is out of date', async () => {
    const one = await put();
    await begin(one);
    await begin(one);
    expect(stateOf(one.entry.seq)).toMatchObject({ started: 1 });
    expect(listedIn(store, 1)).toEqual([]);
  });

  it('do not wait any more for what they waited for', async () => {
    const { entry, job } = await put();
    const errors = [{ attempt: 1, code: 'c', message: 'm', at_ms: 5 }];
    const failed = { started: 1, failed: 1, interrupted: 0, errors, missingSinceMs: 7 };
    await jobs.retry(entry, job, { ...failed, notBeforeMs: 5_000 }, undefined);
    const [again] = jobs.heads(1, LANE, undefined, nobody, 1);
    if (again === undefined) throw new Error('it is not there');
    await beginOf(again, again.state);
    // Its own record says more than that it waits, and so says this too.
    expect(listedIn(store, 1)).toEqual([]);
    expect(stateOf(entry.seq)).toEqual({ ...failed, started: 2 });
  });

  it('are written down with each of them where there are too many, and count the same', async () => {
    const all = await putAll(MOST_LISTED + MANY);
    await Promise.all(all.map((one) => begin(one)));
    expect(listedIn(store, 1)).toHaveLength(MOST_LISTED);
    expect(all.filter((one) => written(one) === `[${one.entry.seq},1]`)).toHaveLength(MANY);
    reopen();
    expect(jobs.heads(1, LANE, undefined, nobody, 999).map(({ state }) => state.started)).toEqual(
      all.map(() => 1),
    );
    // Those that go make room for others.
    const [first, ...rest] = all;
    if (first === undefined) throw new Error('there are none');
    await jobs.finish(first.entry, first.job);
    const late = await put();
    await begin(late);
    expect(listedIn(store, 1)).toContain(late.entry.seq);
    await Promise.all([...rest, late].map(({ entry, job }) => jobs.finish(entry, job)));
    const left = [keys.counts(1), keys.lastUsed()].map((key) => Buffer.from(key));
    expect([...store.range()].map(([key]) => key)).toEqual(left);
  });

  it('of a directory from before there was a list count as begun, and go on', async () => {
    const [a, b] = [await put(), await put()];
    const { seq } = a.entry;
    // As all were before short ones were written down where they wait.
    await store.transaction((tx) => {
      for (const { job } of [a, b]) {
        tx.put(keys.job(job.seq), encodeJob(job));
        const started = job.seq === seq ? 1 : 0;
        putAt(tx, job, { at: 'waiting', order: job.seq }, { ...NEW_STATE, started });
      }
    });
    reopen();
    const [first, second] = jobs.heads(1, LANE, undefined, nobody, 2);
    if (first === undefined || second === undefined) throw new Error('they are not there');
    expect([first.state.started, second.state.started]).toEqual([1, 0]);
    await beginOf(first, recovered(first.state, 9, NOW));
    await beginOf(second, second.state);
    expect(stateOf(seq)).toMatchObject({ started: 2, interrupted: 1 });
    expect(listedIn(store, 1)).toEqual([b.entry.seq]);
    await Promise.all([jobs.finish(first, a.job), jobs.finish(second, b.job)]);
    expect(listedIn(store, 1)).toEqual([]);
  });

  it('count once where the changes of their turn are made twice', async () => {
    const [a, b, done] = [await put(), await put(), await put()];
    await begin(done);
    const refused = jobs.change(() => {
      throw new Error('no');
    });
    const changes = [begin(a), jobs.finish(done.entry, done.job), refused, begin(b)];
    const settled = await Promise.allSettled(changes);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect(listedIn(store, 1)).toEqual([a.entry.seq, b.entry.seq]);
    expect(jobs.counts(1)).toMatchObject({ waiting: 2, delivered: 1 });
  });

  it('tell whoever asks when that could not be written', async () => {
    const one = await put();
    await store.close();
    await expect(begin(one)).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  it('are not listed by a change that is refused', async () => {
    const one = await put();
    const refused = jobs.change((_, tally) => {
      tally.atWork.add(1, one.entry.seq);
      throw new Error('no');
    });
    await expect(refused).rejects.toThrow('no');
    expect(listedIn(store, 1)).toEqual([]);
  });

  it.each<readonly [string, (one: Waiting) => Promise<unknown>]>([
    ['done', ({ entry, job }) => jobs.finish(entry, job)],
    ['released', ({ entry }) => jobs.update(entry, entry.state)],
    ['to be tried again later', ({ entry, job }) => jobs.retry(entry, job, begun(entry.state), 5_000)],
    ['to be tried again in place', ({ entry, job }) => jobs.retry(entry, job, begun(entry.state), undefined)],
    ['cancelled', ({ job }) => jobs.remove(job.receipt)],
    [
      'dead',
      ({ entry, job }) =>
        jobs.deadLetters.bury(job, { at: 'waiting', order: entry.order }, begun(entry.state), NOW, KEEP),
    ],
    ['purged', () => purge(jobs, 1, 'waiting', nobody)],
    ['gone with all of its queue', () => removeAll(jobs, 1)],
    ['moved to another queue', () => moveAll(jobs, 1, (job) => ({ ...job, queue: 2 }))],
    ['forgotten with its queue', () => jobs.directory.forget(1)],
  ])('are not listed any more when %s', async (_, end) => {
    const one = await put();
    await begin(one);
    await end(one);
    expect(store.has(keys.atWork(1))).toBe(false);
    expectCounted();
  });

  it('that are gone when they begin are not listed', async () => {
    const one = await put();
    await Promise.all([jobs.remove(one.job.receipt), begin(one)]);
    expect(listedIn(store, 1)).toEqual([]);
    await jobs.finish(one.entry, one.job);
    expectCounted();
    expect(jobs.counts(1)).toMatchObject({ waiting: 0, delivered: 0 });
  });

  it('start from nothing when they are put back from the dead', async () => {
    const { entry, job } = await put();
    await beginOf(entry, entry.state);
    await jobs.deadLetters.bury(job, { at: 'waiting', order: entry.order }, begun(entry.state), NOW, KEEP);
    const [back] = await jobs.deadLetters.redrive(1);
    expect([back?.state.started, stateOf(entry.seq)?.started]).toEqual([0, 0]);
  });

  it('hold what was written job by job, whatever happens to them and however often it is opened', async () => {
    const step = fc.record({
      kind: fc.constantFrom('add', 'begin', 'begin', 'end', 'retry', 'finish', 'remove', 'refused', 'reopen'),
      queue: fc.constantFrom(1, 2),
      pick: fc.nat(),
      /** Whether the next step is of the same turn. */
      isJoined: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        store = await new MemoryStorage().open({ name: 'jobs' });
        reopen();
        const model = new Map<number, { readonly entry: Entry; job: Job; state: JobState }>();
        const asked: Array<Promise<unknown>> = [];
        for (const { kind, queue, pick, isJoined } of steps) {
          const all = [...model.values()].filter(({ entry }) => entry.queue === queue);
          const one = all[pick % Math.max(1, all.length)];
          if (kind === 'add') {
            const { entry, job } = await put(queue);
            model.set(entry.seq, { entry, job, state: entry.state });
          } else if (kind === 'reopen') {
            await Promise.all(asked.splice(0));
            reopen();
          } else if (kind === 'refused') {
            const refused = jobs.change((tx, { atWork }) => {
              tx.put(keyOf('x'), Buffer.alloc(0));
              atWork.add(queue, 0);
              throw new Error('no');
            });
            asked.push(refused.catch(() => {}));
          } else if (one !== undefined) {
            const { entry, job } = one;
            const state = recovered(one.state, 9, NOW);
            if (kind === 'begin') {
              // What ends is the job that began, as it was read for that.
              one.job = jobs.jobAt(entry) ?? job;
              asked.push(beginOf({ ...entry, state: one.state }, state, one.job));
              one.state = begun(state);
            } else if (kind === 'end') {
              asked.push(jobs.update(entry, state));
              one.state = state;
            } else if (kind === 'retry') {
              one.state = { ...state, notBeforeMs: 5_000 };
              asked.push(jobs.retry(entry, job, one.state, undefined));
            } else {
              asked.push(kind === 'finish' ? jobs.finish(entry, job) : jobs.remove(job.receipt));
              model.delete(entry.seq);
            }
          }
          if (isJoined) continue;
          await Promise.all(asked.splice(0));
          expectCounted();
          for (const of of [1, 2]) {
            const found = [...jobs.waiting(of)].map(({ seq, state }) => [seq, state]);
            const expected = [...model.values()].filter(({ entry }) => entry.queue === of);
            expect(found).toEqual(expected.map(({ entry, state }) => [entry.seq, state]));
            for (const seq of listedIn(store, of)) expect(model.get(seq)?.entry.queue).toBe(of);
          }
        }
        await Promise.all(asked);
      }),
      { numRuns: 60 },
    );
  });
});
