import { numberedUuid, numbersInUuid, rawFromValue } from 'iii-protocol';
import { type KeyPart, MemoryStorage, partsOf, type Store } from 'iii-storage';
import { beforeEach, describe, expect, it } from 'vitest';
import { NEW_STATE } from '../job.js';
import { functionLane, groupLane } from '../lane-names.js';
import { JobStore } from './job-store.js';
import type { NewJob } from './new-job.js';

const nobody = () => false;

describe('a receipt made by the store', () => {
  let store: Store;
  let jobs: JobStore;
  const open = () => new JobStore(store, () => 1_000);
  const job = (more: Partial<NewJob> = {}): NewJob => ({
    queue: 1,
    lane: functionLane('default', more.functionId ?? 'f'),
    priority: 0,
    functionId: 'f',
    namespace: 'default',
    data: rawFromValue(1),
    ...more,
  });
  const put = async (more: Partial<NewJob> = {}) => {
    const [accepted] = await jobs.add([job(more)], nobody);
    if (accepted?.job === undefined) throw new Error('nothing was accepted');
    return { ...accepted, job: accepted.job };
  };
  /** How many records there are of a kind. */
  const records = (kind: KeyPart) => [...store.range()].filter(([key]) => partsOf(key)[0] === kind).length;
  const numberIn = (receipt: string) => numbersInUuid(receipt)?.end;

  beforeEach(async () => {
    store = await new MemoryStorage().open({ name: 'jobs' });
    jobs = open();
  });

  it('says where a short job of a function waits, so that there is no record of it, whoever opens the store', async () => {
    const [one, two, other] = [await put(), await put({ queue: 2 }), await put({ functionId: 'g' })];
    expect(
      [one, two, other].map(({ receipt, job: { seq } }) => [numbersInUuid(receipt)?.front, seq]),
    ).toEqual([one, two, other].map(({ job: { seq } }) => [seq, seq]));
    expect([records('w'), records('j'), records('r'), records('l')]).toEqual([3, 0, 0, 3]);
    for (const each of [jobs, open()]) {
      for (const {
        receipt,
        job: { queue, functionId, seq },
      } of [one, two, other]) {
        expect(each.find(receipt)).toMatchObject({
          job: { receipt, queue, functionId },
          place: { at: 'waiting', order: seq },
          state: NEW_STATE,
        });
      }
    }
    jobs = open();
    const later = await put({ functionId: 'g' });
    expect(numberIn(later.receipt)).toBe(numberIn(other.receipt));
    expect(records('l')).toBe(3);
  });

  it.each<[string, Partial<NewJob>]>([
    ['has a priority', { priority: 1 }],
    ['belongs to a group', { lane: groupLane('a') }],
    ['has a concurrency key', { lane: functionLane('default', 'f', 'k') }],
    ['is delayed', { dueMs: 2_000 }],
    ['is long', { data: rawFromValue('x'.repeat(5_000)) }],
    ['has one already', { receipt: numberedUuid(1, 1) }],
  ])('says nothing where the job %s, and leads to it all the same', async (_, more) => {
    const { receipt, job: accepted } = await put(more);
    expect([records('r'), records('l')]).toEqual([1, 0]);
    expect(open().find(receipt)?.job.seq).toBe(accepted.seq);
    expect(await jobs.remove(receipt)).toBe(true);
    expect([records('r'), records('w'), records('d'), records('j')]).toEqual([0, 0, 0, 0]);
  });

  it('leads to the job wherever that goes', async () => {
    const { receipt, entry, job: accepted } = await put();
    if (entry === undefined) throw new Error('it does not wait');
    const place = () => open().find(receipt)?.place.at;
    await jobs.retry(entry, accepted, { ...NEW_STATE, started: 1, failed: 1 }, 2_000);
    expect(place()).toBe('delayed');
    const woken = await jobs.wake(receipt);
    expect(place()).toBe('waiting');
    const kept = woken && jobs.jobAt(woken);
    if (kept === undefined) throw new Error('it is not there');
    const keep = { maxMessages: undefined, ttlMs: undefined };
    await jobs.deadLetters.bury(kept, { at: 'waiting', order: kept.seq }, NEW_STATE, 1_000, keep);
    expect(place()).toBe('dead');
    await jobs.deadLetters.redriveOne(1, receipt);
    expect(place()).toBe('waiting');
    expect(await jobs.remove(receipt)).toBe(true);
    expect(place()).toBeUndefined();
    expect([records('r'), records('w'), records('j')]).toEqual([0, 0, 0]);
  });

  it('is believed only by the job that has it', async () => {
    const { receipt, job: accepted } = await put();
    const number = numberIn(receipt) ?? 0;
    await put({ receipt: 'given' });
    for (const forged of [
      numberedUuid(accepted.seq, number),
      numberedUuid(accepted.seq, number + 1),
      // Where a job waits that came with a receipt.
      numberedUuid(accepted.seq + 1, number),
    ]) {
      expect(jobs.find(forged)).toBeUndefined();
      expect(await jobs.remove(forged)).toBe(false);
    }
    expect(jobs.counts(1).waiting).toBe(2);
  });

  it('speaks of no lane whose number was taken back', async () => {
    await expect(jobs.add([job({ maxLength: 0 })], nobody)).rejects.toMatchObject({ code: 'queue_full' });
    expect(records('l')).toBe(0);
    const { receipt } = await put({ functionId: 'g' });
    const { receipt: second } = await put();
    expect(numberIn(second)).not.toBe(numberIn(receipt));
    for (const each of [receipt, second]) expect(open().find(each)).toBeDefined();
  });

  it('says nothing any more when its queue is forgotten, and the number is given to another', async () => {
    const { record, written } = jobs.directory.create({ kind: 'named', name: 'q' });
    await written;
    const { receipt } = await put({ queue: record.id });
    await jobs.remove(receipt);
    await jobs.directory.forget(record.id);
    expect([records('l'), records('m')]).toEqual([0, 0]);
    jobs = open();
    const { receipt: later } = await put({ queue: 7 });
    expect(numberIn(later)).toBe(numberIn(receipt));
    expect(jobs.find(receipt)).toBeUndefined();
    expect(jobs.find(later)?.job.queue).toBe(7);
  });

  it('stands for the job of a deduplication key', async () => {
    const dedup = { key: 'k', windowMs: 1_000, onDuplicate: 'return_existing' } as const;
    const { receipt } = await put({ dedup });
    expect(await jobs.add([job({ dedup })], nobody)).toMatchObject([{ receipt, deduplicated: true }]);
    const replaced = await jobs.add([job({ dedup: { ...dedup, onDuplicate: 'replace' } })], nobody);
    expect(replaced).toMatchObject([{ deduplicated: false }]);
    expect(jobs.find(receipt)).toBeUndefined();
    expect(jobs.counts(1).waiting).toBe(1);
  });
});
