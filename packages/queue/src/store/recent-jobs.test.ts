import { type RawJson, rawFromValue } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import type { Job } from '../job.js';
import { RecentJobs } from './recent-jobs.js';

function job(seq: number, data: RawJson = rawFromValue(seq)): Job {
  const names = { lane: 'l', receipt: `r${seq}`, functionId: 'f', namespace: 'default' };
  return { seq, queue: 1, priority: 0, enqueuedAtMs: 0, data, ...names };
}

describe('jobs that were accepted lately', () => {
  it('are known until they are removed', () => {
    const recent = new RecentJobs();
    recent.add(job(1), 1);
    expect(recent.get(1)).toEqual(job(1));
    recent.forget(1);
    expect(recent.get(1)).toBeUndefined();
  });

  it('are forgotten where later ones are too many', () => {
    const recent = new RecentJobs();
    for (let seq = 1; seq <= 1_001; seq++) recent.add(job(seq), 1);
    expect([recent.get(1), recent.get(2)?.seq]).toEqual([undefined, 2]);
  });

  it('are not kept where so many go before them that they would be forgotten by then', () => {
    const recent = new RecentJobs();
    recent.add(job(1), 1_000);
    recent.add(job(2), 1_001);
    // Its transaction is made once more, and others wait before it now.
    recent.add(job(3), 1_000);
    recent.add(job(3), 1_001);
    expect([1, 2, 3].map((seq) => recent.get(seq)?.seq)).toEqual([1, undefined, undefined]);
  });

  it('are forgotten where later ones are too large', () => {
    const recent = new RecentJobs();
    recent.add(job(1), 1);
    for (let seq = 2; seq <= 10; seq++) recent.add(job(seq, rawFromValue('x'.repeat(1_000_000))), 1);
    expect([recent.get(1), recent.get(2)?.seq]).toEqual([undefined, undefined]);
    expect(recent.get(10)?.seq).toBe(10);
  });

  it('are forgotten oldest first, whatever was removed before', () => {
    const recent = new RecentJobs();
    recent.add(job(5), 1);
    recent.forget(5);
    for (let seq = 20_000; seq < 21_000; seq++) recent.add(job(seq), 1);
    recent.forget(20_001);
    recent.add(job(3), 1);
    recent.add(job(21_000), 1);
    expect([3, 20_000, 20_001, 20_002, 21_000].map((seq) => recent.get(seq)?.seq)).toEqual([
      undefined,
      20_000,
      undefined,
      20_002,
      21_000,
    ]);
  });

  it('are known beside those that were come across, the latest 512 of them', () => {
    const recent = new RecentJobs();
    recent.add(job(1_000), 1);
    const read: number[] = [];
    const find = (seq: number, bytes = 100) =>
      recent.keepFound(seq, bytes, () => {
        read.push(seq);
        return job(seq);
      });
    for (const seq of [1_000, 0, 0]) find(seq);
    find(2_000, 10_000);
    expect(read).toEqual([0]);
    for (let seq = 1; seq < 512; seq++) find(seq);
    recent.forget(5);
    expect([0, 4, 5, 511, 1_000].map((seq) => recent.get(seq)?.seq)).toEqual([0, 4, undefined, 511, 1_000]);
    find(512);
    expect([0, 1, 512, 1_000].map((seq) => recent.get(seq)?.seq)).toEqual([undefined, 1, 512, 1_000]);
  });

  it('do not keep a long message from being freed', () => {
    const recent = new RecentJobs();
    const message = rawFromValue('x'.repeat(1_000_000));
    const short = message.subarray(0, 100) as RawJson;
    recent.add(job(1, short), 1);
    const kept = recent.get(1)?.data;
    expect([...(kept ?? [])]).toEqual([...short]);
    expect(kept?.buffer.byteLength).toBeLessThan(100_000);
  });
});
