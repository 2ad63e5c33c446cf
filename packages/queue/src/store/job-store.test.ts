import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import fc from 'fast-check';
import { rawFromValue, textOfRaw } from 'iii-protocol';
import { MemoryStorage, type Storage } from 'iii-storage';
import { openStorage } from 'iii-storage/disk';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Entry, type Job, NEW_STATE } from '../job.js';
import { functionLane } from '../lane-names.js';
import { RECEIPT } from '../test-support.js';
import { removeAll } from './bulk.js';
import { JobStore } from './job-store.js';
import type { NewJob } from './new-job.js';

const nobody = () => false;
const textOf = (job: Job | undefined) => job && textOfRaw(job.data);
/** Of a job that has a record of its own from the beginning. */
const LONG = rawFromValue('x'.repeat(5_000));
const KEEP = { maxMessages: undefined, ttlMs: undefined };

const onDisk = (directory: string) => openStorage({ directory });
/** Where jobs are kept, and whether they come with receipts. */
const STORES: ReadonlyArray<readonly [string, (directory: string) => Promise<Storage>, boolean]> = [
  ['memory', async () => new MemoryStorage(), true],
  ['LMDB', onDisk, true],
  ['LMDB, which come without receipts', onDisk, false],
];

describe.each(STORES)('jobs in %s', (_, open, haveReceipts) => {
  let directory: string;
  let storage: Storage;
  let jobs: JobStore;
  let now = 1_000;
  let receipts = 0;
  const anyReceipt = haveReceipts ? expect.stringMatching(/^r\d/) : expect.stringMatching(RECEIPT);
  const job = (queue: number, more: Partial<NewJob> = {}): NewJob => ({
    queue,
    lane: functionLane(more.namespace ?? 'default', more.functionId ?? 'f'),
    priority: 0,
    ...(haveReceipts ? { receipt: `r${++receipts}` } : {}),
    functionId: 'f',
    namespace: 'default',
    data: rawFromValue({ n: receipts }),
    ...more,
  });
  const put = async (more: Partial<NewJob> = {}, queue = 1) => {
    const [accepted] = await jobs.add([job(queue, more)], nobody);
    if (accepted === undefined) throw new Error('nothing was accepted');
    return accepted;
  };
  const entryOf = async (more: Partial<NewJob> = {}, queue = 1): Promise<Entry> => {
    const { entry } = await put(more, queue);
    if (entry === undefined) throw new Error('it does not wait');
    return entry;
  };

  /** That the store holds what it says it holds. */
  const expectCounted = () => {
    const all = [...jobs.store.range()];
    expect(jobs.store.figures()).toMatchObject({
      entries: all.length,
      bytes: all.reduce((sum, [key, value]) => sum + key.length + value.length, 0),
    });
  };

  beforeEach(async () => {
    directory = await mkdtemp(path.join(os.tmpdir(), 'iii-queue-'));
    storage = await open(directory);
    now = 1_000;
    jobs = new JobStore(await storage.open({ name: 'jobs' }), () => now);
  });

  afterEach(async () => {
    await storage.close();
    await rm(directory, { recursive: true, force: true });
  });

  it('are had in order of priority, then of acceptance, passing over those that are taken', async () => {
    const [low, high, same] = [
      await entryOf(),
      await entryOf({ priority: 5 }),
      await entryOf({ priority: 5 }),
    ];
    const heads: number[] = [];
    const taken = new Set<number>();
    for (;;) {
      const head = jobs.heads(1, low.lane, undefined, (seq) => taken.has(seq), 1)[0];
      if (head === undefined) break;
      heads.push(head.seq);
      taken.add(head.seq);
    }
    expect(heads).toEqual([high.seq, same.seq, low.seq]);
    expect(jobs.heads(1, low.lane, high, nobody, 1)[0]?.seq).toBe(same.seq);
    expect([...jobs.lanes(1)]).toEqual([low.lane]);
  });

  it('leave nothing behind when they are done', async () => {
    const before = jobs.store.figures().entries;
    const entry = await entryOf();
    const kept = jobs.jobAt(entry);
    if (kept === undefined) throw new Error('it is not there');
    await jobs.update(entry, { ...NEW_STATE, started: 1 });
    await jobs.finish(entry, kept);
    expect(jobs.counts(1)).toMatchObject({ waiting: 0, enqueued: 1, delivered: 1 });
    expect(jobs.find(kept.receipt)).toBeUndefined();
    // What is left is the row of counts, the last number, and the number of the lane where a receipt speaks of it.
    expect(jobs.store.figures().entries).toBe(before + (haveReceipts ? 2 : 4));
  });

  it('leave the store counted to the byte, whatever is in them, and whether they are still at hand or not', async () => {
    const anything = fc.record(
      {
        functionId: fc.string({ unit: 'binary', maxLength: 20 }),
        traceparent: fc.string({ unit: 'binary' }),
        metadata: fc.jsonValue(),
        data: fc.oneof(fc.jsonValue().map(rawFromValue), fc.constant(LONG)),
        dueMs: fc.constantFrom(1, 5_000),
        expiresAtMs: fc.nat(),
      },
      { requiredKeys: ['data'] },
    );
    await fc.assert(
      fc.asyncProperty(anything, fc.boolean(), async (more, atHand) => {
        const { receipt } = await put(more);
        await (atHand ? jobs : new JobStore(jobs.store, () => now)).remove(receipt);
        expectCounted();
      }),
      { numRuns: 50 },
    );
  });

  it.each([
    ['short ones, in one record with their places', rawFromValue({ n: 1 }), haveReceipts ? 2 : 1],
    ['long ones, in records of their own', LONG, 3],
  ])('are written down once: %s', async (_, data, records) => {
    await put({ namespace: 'é' });
    const before = jobs.store.figures().entries;
    const entry = await entryOf({ data, metadata: { k: 'v' }, namespace: 'é' });
    expect(jobs.store.figures().entries - before).toBe(records);
    for (const each of [jobs, new JobStore(jobs.store, () => now)]) {
      const kept = each.jobAt(entry);
      expect(kept).toMatchObject({ seq: entry.seq, namespace: 'é', metadata: { k: 'v' } });
      expect(textOf(kept)).toBe(textOfRaw(data));
      expect(each.find(kept?.receipt ?? '')).toMatchObject({ place: { at: 'waiting' }, state: NEW_STATE });
      expect([...each.jobsOf(1)].at(-1)?.job).toMatchObject({ seq: entry.seq, namespace: 'é' });
    }
  });

  it('are found when more is known of them than that they wait, and removed whole', async () => {
    await put();
    const before = jobs.store.figures().entries;
    for (const data of [rawFromValue('short'), LONG]) {
      const entry = await entryOf({ data });
      // As it was read before: whoever has it may have it for long.
      const early = jobs.jobAt(entry);
      if (early === undefined) throw new Error('it is not there');
      const state = { ...NEW_STATE, started: 1, failed: 1 };
      await jobs.update(entry, state);
      expect(jobs.jobAt(entry)).toMatchObject({ receipt: early.receipt });
      expect(textOf(jobs.jobAt(entry))).toBe(textOfRaw(data));
      expect(jobs.find(early.receipt)).toMatchObject({ place: { at: 'waiting', order: entry.order }, state });
      expectCounted();
      await jobs.finish(entry, early);
      expect(jobs.find(early.receipt)).toBeUndefined();
      expect(jobs.jobAt(entry)).toBeUndefined();
      expect(jobs.store.figures().entries).toBe(before);
      expectCounted();
    }
  });

  const once = { key: 'k', windowMs: 1_000, onDuplicate: 'replace' } as const;
  it.each([
    ['removed', 0, (receipt: string) => jobs.remove(receipt)],
    ['replaced', 1, () => jobs.add([job(1, { dedup: once })], nobody)],
    ['replaced by one of several', 1, () => jobs.addEach([job(1, { dedup: once })], nobody)],
  ])(
    'that are being %s while others are looked for are gone when that is done, and not begun',
    async (...way) => {
      const [, left, withdraw] = way;
      const entry = await entryOf({ dedup: once });
      const kept = jobs.jobAt(entry);
      if (kept === undefined) throw new Error('it is not there');
      const withdrawn = withdraw(kept.receipt);
      jobs.begin(entry, kept, NEW_STATE, (error) => expect.unreachable(String(error)));
      let isOver = false;
      void withdrawn.finally(() => {
        isOver = true;
      });
      const looks: number[][] = [];
      while (!isOver) {
        looks.push(jobs.heads(1, entry.lane, undefined, nobody, 9).map(({ seq }) => seq));
        await setImmediate();
      }
      // Until it is durable, who looks still sees it.
      expect(looks[0]).toEqual([entry.seq]);
      expect(jobs.jobAt(entry)).toBeUndefined();
      await jobs.finish(entry, kept);
      expect(jobs.counts(1)).toMatchObject({ waiting: left, delivered: 0 });
      expectCounted();
    },
  );

  it('that were come across begin without being looked for again, and count once', async () => {
    const entries = await Promise.all(Array.from({ length: 3 }, () => entryOf()));
    const reopened = new JobStore(jobs.store, () => now);
    const [head, next, last] = reopened.heads(1, entries[0]?.lane ?? '', undefined, nobody, 3);
    if (head === undefined || next === undefined || last === undefined) throw new Error('there are none');
    const found = [head, next, last].map((entry) => reopened.recent.get(entry.seq));
    expect(found.map((each) => each?.receipt)).toEqual([anyReceipt, anyReceipt, anyReceipt]);
    const [first, second] = found;
    if (first === undefined || second === undefined) throw new Error('they are not at hand');
    reopened.begin(head, first, NEW_STATE, (error) => expect.unreachable(String(error)));
    reopened.begin(next, second, NEW_STATE, (error) => expect.unreachable(String(error)));
    await reopened.finish(head, first);
    await reopened.update(next, { ...NEW_STATE, started: 1, interrupted: 1 });
    expect(reopened.heads(1, head.lane, undefined, nobody, 9)).toMatchObject([
      { seq: next.seq, state: { started: 1, interrupted: 1 } },
      { seq: last.seq, state: NEW_STATE },
    ]);
    expect(reopened.counts(1)).toMatchObject({ waiting: 2, delivered: 1 });
    expectCounted();
  });

  it('get numbers that no other ever had, though all of them are gone', async () => {
    const entry = await entryOf();
    const kept = jobs.jobAt(entry);
    if (kept === undefined) throw new Error('it is not there');
    await jobs.finish(entry, kept);
    jobs = new JobStore(jobs.store, () => now);
    expect((await entryOf()).seq).toBe(entry.seq + 1);
  });

  it('count once, however often they are finished', async () => {
    const entry = await entryOf();
    const kept = jobs.jobAt(entry);
    if (kept === undefined) throw new Error('it is not there');
    await Promise.all([jobs.finish(entry, kept), jobs.finish(entry, kept)]);
    expect(jobs.counts(1)).toMatchObject({ waiting: 0, delivered: 1 });
  });

  it('are accepted all or none', async () => {
    const full = [job(1, { maxLength: 2 }), job(1, { maxLength: 2 }), job(1, { maxLength: 2 })];
    await expect(jobs.add(full, nobody)).rejects.toMatchObject({ code: 'queue_full' });
    expect(jobs.counts(1)).toMatchObject({ waiting: 0, enqueued: 0 });
    expect([...jobs.waiting(1)]).toEqual([]);
  });

  it('fall due once each, in the order of their times, whoever asks at the same time', async () => {
    const due = [50, 20, 40, 30].map((dueMs) => put({ dueMs: now + dueMs }));
    await Promise.all(due);
    expect(jobs.nextDueMs()).toBe(now + 20);
    expect(jobs.counts(1)).toMatchObject({ waiting: 0, delayed: 4 });
    const woken = await Promise.all(Array.from({ length: 10 }, () => jobs.wakeDue(now + 40, 2)));
    expect(woken.flat().map(({ seq }) => seq)).toEqual([2, 4, 3]);
    expect(jobs.counts(1)).toMatchObject({ waiting: 3, delayed: 1 });
  });

  it('are one job for one key within its window, and the second is dropped', async () => {
    const dedup = { key: 'k'.repeat(5_000), windowMs: 100, onDuplicate: 'return_existing' } as const;
    const all = await Promise.all(Array.from({ length: 100 }, () => put({ dedup })));
    expect(new Set(all.map(({ receipt }) => receipt)).size).toBe(1);
    expect(all.filter(({ deduplicated }) => !deduplicated)).toHaveLength(1);
    expect(jobs.counts(1)).toMatchObject({ waiting: 1 });
    expect((await put({ dedup }, 2)).deduplicated).toBe(false);
    expect((await put({ dedup, namespace: 'other' })).deduplicated).toBe(false);
    now += 100;
    expect((await put({ dedup })).deduplicated).toBe(false);
    const reject = { ...dedup, onDuplicate: 'reject' } as const;
    await expect(put({ dedup: reject })).rejects.toMatchObject({ code: 'duplicate_job' });
  });

  it('are replaced by a later one of their key, unless they are at work', async () => {
    const dedup = { key: 'k', windowMs: 1_000, onDuplicate: 'replace' } as const;
    const first = await put({ dedup });
    const second = await put({ dedup });
    expect(second.deduplicated).toBe(false);
    expect(jobs.find(first.receipt)).toBeUndefined();
    const [third] = await jobs.add([job(1, { dedup })], () => true);
    expect(third).toMatchObject({ receipt: second.receipt, deduplicated: true });
    expect(jobs.counts(1).waiting).toBe(1);
  });

  it('are given up and put back behind the others, with their attempts forgotten and their errors kept', async () => {
    const dead = await entryOf();
    const kept = jobs.jobAt(dead);
    if (kept === undefined) throw new Error('it is not there');
    const errors = [{ attempt: 1, code: 'c', message: 'm', at_ms: 5 }];
    const state = { started: 1, failed: 1, interrupted: 0, errors };
    const place = { at: 'waiting', order: dead.order } as const;
    expect(await jobs.deadLetters.bury(kept, place, state, now, KEEP)).toBe(true);
    expect(await jobs.deadLetters.bury(kept, place, state, now, KEEP)).toBe(false);
    const other = await entryOf();
    const [back] = await jobs.deadLetters.redrive(1);
    expect(back).toMatchObject({ seq: dead.seq, state: { started: 0, failed: 0, errors } });
    expect([...jobs.waiting(1)].map(({ seq }) => seq)).toEqual([other.seq, dead.seq]);
    expect(await jobs.deadLetters.redrive(1)).toEqual([]);
    expect((await entryOf()).order).toBeGreaterThan(back?.order ?? 0);
  });

  it('keep no more dead letters than they are told to, the newest ones', async () => {
    for (let n = 0; n < 5; n++) {
      const entry = await entryOf();
      const kept = jobs.jobAt(entry);
      if (kept === undefined) throw new Error('it is not there');
      now++;
      await jobs.deadLetters.bury(kept, { at: 'waiting', order: entry.order }, NEW_STATE, now, {
        maxMessages: 2,
        ttlMs: undefined,
      });
    }
    expect([...jobs.deadLetters.of(1)].map(({ failedAtMs }) => failedAtMs)).toEqual([now, now - 1]);
    expect(jobs.counts(1)).toMatchObject({ dead: 2, failed: 5 });
    await jobs.deadLetters.discardOlder(1, now);
    expect(jobs.counts(1).dead).toBe(1);
  });

  it('hold what was written, whatever happens to them: the counts are those of the places', async () => {
    const step = fc.record({
      kind: fc.constantFrom(
        'add',
        'add long',
        'delay',
        'begin',
        'finish',
        'bury',
        'redrive',
        'remove',
        'wake',
      ),
      pick: fc.nat(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 30 }),
        fc.integer({ min: 10, max: 1e6 }),
        async (steps, queue) => {
          for (const { kind, pick } of steps) {
            const all = [...jobs.jobsOf(queue)];
            const one = all[pick % Math.max(1, all.length)];
            if (kind === 'add') await put({}, queue);
            else if (kind === 'add long') await put({ data: LONG }, queue);
            else if (kind === 'delay') await put({ dueMs: now + 10 }, queue);
            else if (kind === 'redrive') await jobs.deadLetters.redrive(queue);
            else if (one === undefined) continue;
            else if (kind === 'remove') await jobs.remove(one.job.receipt);
            else if (kind === 'wake') await jobs.wake(one.job.receipt);
            else if (kind === 'bury' && one.place.at !== 'dead') {
              await jobs.deadLetters.bury(one.job, one.place, one.state, now, KEEP);
            } else if ((kind === 'begin' || kind === 'finish') && one.place.at === 'waiting') {
              const { lane, priority, seq } = one.job;
              const entry = { queue, lane, priority, seq, order: one.place.order, state: one.state };
              if (kind === 'begin')
                jobs.begin(entry, one.job, one.state, (error) => expect.unreachable(String(error)));
              else await jobs.finish(entry, one.job);
              await jobs.change(() => {});
            }
          }
          const places = [...jobs.jobsOf(queue)].map(({ place }) => place.at);
          const of = (at: string) => places.filter((place) => place === at).length;
          const counts = jobs.counts(queue);
          expect(counts).toMatchObject({ waiting: of('waiting'), delayed: of('delayed'), dead: of('dead') });
          for (const { job: kept, place } of jobs.jobsOf(queue)) {
            expect(jobs.find(kept.receipt)?.place).toEqual(place);
          }
          expectCounted();
          await removeAll(jobs, queue);
          expect([...jobs.jobsOf(queue)]).toEqual([]);
          expectCounted();
        },
      ),
      { numRuns: 15 },
    );
  });

  it('of queues and groups with any name do not mix', async () => {
    const lanes = ['', 'a\u0000b', 'a', 'a\u0000', '😀'.repeat(400), 'x'.repeat(9_000)].map((name) =>
      functionLane(name, name),
    );
    for (const lane of lanes) await put({ lane });
    expect([...jobs.lanes(1)].toSorted()).toEqual(lanes.toSorted());
    for (const lane of lanes) {
      const [head] = jobs.heads(1, lane, undefined, nobody, 1);
      expect(head && jobs.heads(1, lane, head, nobody, 1)).toEqual([]);
    }
  });
});
