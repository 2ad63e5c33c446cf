import { rawFromValue } from 'iii-protocol';
import { ManualClock } from 'iii-protocol/testing';
import { InvocationError } from 'iii-sdk';
import { gate, settled } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { type Answer, HOUR_MS, MINUTE_MS, memoryStore, SchedulerBench } from '../test-support.js';

const NEW_YEAR = Date.UTC(2026, 0, 1);
const EVERY_MINUTE = { expression: '0 * * * * *' };
const hang = () => new Promise<never>(() => {});

/** Times of 2026-01-01. */
const at = (...times: string[]) => times.map((time) => `2026-01-01T${time}`);

describe('a schedule', () => {
  it('is had at each of its times', async () => {
    const bench = await SchedulerBench.open();
    const id = await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(3 * MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:01:00', '00:02:00', '00:03:00'));
    expect(bench.calls[0]?.tick).toEqual({
      trigger: 'cron',
      job_id: id,
      scheduled_time: '2026-01-01T00:01:00+00:00',
      actual_time: '2026-01-01T00:01:00.000+00:00',
    });
  });

  it('is not had before its time by a timer that is early', async () => {
    const clock = new ManualClock(NEW_YEAR + 999);
    const early = Object.assign(Object.create(clock) as ManualClock, {
      setTimeout: (callback: () => void, ms: number) => clock.setTimeout(callback, Math.max(0.25, ms * 0.9)),
      clearTimeout: (timer: unknown) => clock.clearTimeout(timer),
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
    });
    const bench = await SchedulerBench.open({ clock: early });
    await bench.schedule('f', { expression: '* * * * * *' });
    await clock.advanceAsync(3_010);
    expect(bench.timesOf('f')).toEqual(at('00:00:01', '00:00:02', '00:00:03', '00:00:04'));
    for (const { tick } of bench.calls)
      expect(tick.actual_time >= tick.scheduled_time.slice(0, 19)).toBe(true);
  });

  it('that is bound again under its id goes on as the new one, and nothing is had twice', async () => {
    const bench = await SchedulerBench.open();
    const id = await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(MINUTE_MS);
    await bench.schedule('f', EVERY_MINUTE, { id });
    await bench.schedule('g', { expression: '30 * * * * *' }, { id: 'other' });
    await bench.schedule('g', { expression: '45 * * * * *' }, { id: 'other' });
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:01:00', '00:02:00'));
    expect(bench.timesOf('g')).toEqual(at('00:01:45'));
  });

  it('that is not bound any more is not had', async () => {
    const bench = await SchedulerBench.open();
    const id = await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(MINUTE_MS);
    bench.scheduler.remove(id);
    bench.scheduler.remove(id);
    bench.scheduler.remove('never there');
    await bench.clock.advanceAsync(HOUR_MS);
    expect(bench.timesOf('f')).toEqual(at('00:01:00'));
    expect([bench.scheduler.jobs, bench.clock.pending]).toEqual([[], 0]);
  });

  it('bound by several replicas is had once for all of them, by the newest, until the last is gone', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', EVERY_MINUTE, { id: 'old' });
    await bench.schedule('f', { expression: '0 */1 * * * ? *' }, { id: 'new' });
    await bench.clock.advanceAsync(MINUTE_MS);
    bench.scheduler.remove('new');
    await bench.clock.advanceAsync(MINUTE_MS);
    bench.scheduler.remove('old');
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.calls.map(({ tick }) => tick.job_id)).toEqual(['new', 'old']);
  });

  it('is another one with another function, zone, condition, metadata or namespace, and the same with a key', async () => {
    const bench = await SchedulerBench.open({ answer: () => rawFromValue(true) });
    await bench.schedule('f', EVERY_MINUTE);
    await bench.schedule('f', EVERY_MINUTE, { namespace: 'other' });
    await bench.schedule('f', EVERY_MINUTE, { metadata: { tenant: 1 } });
    await bench.schedule('f', EVERY_MINUTE, { metadata: { tenant: 2 } });
    await bench.schedule('f', { ...EVERY_MINUTE, timezone: 'Europe/Berlin' });
    await bench.schedule('f', { ...EVERY_MINUTE, condition_function_id: 'c' });
    await bench.schedule('g', { ...EVERY_MINUTE, key: 'k' }, { metadata: { tenant: 1 } });
    await bench.schedule('g', { expression: '0 */1 * * * *', key: 'k' }, { metadata: { tenant: 2 } });
    await bench.clock.advanceAsync(MINUTE_MS);
    expect([bench.timesOf('f').length, bench.timesOf('g').length]).toEqual([6, 1]);
  });

  it('with a key is had when the newest of its triggers says, and when that leaves as the one before says', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', { expression: '0 */10 * * * *', key: 'k' });
    await bench.schedule('f', { expression: '0 */3 * * * *', key: 'k' }, { id: 'new' });
    await bench.clock.advanceAsync(7 * MINUTE_MS);
    bench.scheduler.remove('new');
    await bench.clock.advanceAsync(13 * MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:03:00', '00:06:00', '00:10:00', '00:20:00'));
  });

  it('is delayed by a part of its jitter, and keeps its time', async () => {
    const bench = await SchedulerBench.open({ scheduler: { random: () => 0.25 } });
    await bench.schedule('f', { ...EVERY_MINUTE, jitter_ms: 40_000 });
    await bench.clock.advanceAsync(MINUTE_MS + 9_999);
    expect(bench.calls).toEqual([]);
    await bench.clock.advanceAsync(MINUTE_MS + 1);
    expect(bench.timesOf('f')).toEqual(at('00:01:00', '00:02:00'));
    expect(bench.calls[0]?.tick.actual_time).toBe('2026-01-01T00:01:10.000+00:00');
  });

  it('with more jitter than there is between its times still has them all, in order', async () => {
    let draw = 0;
    const bench = await SchedulerBench.open({ scheduler: { random: () => (draw++ % 2 === 0 ? 0.9 : 0) } });
    await bench.schedule('f', { ...EVERY_MINUTE, jitter_ms: 150_000, overlap: 'queue' });
    await bench.clock.advanceAsync(10 * MINUTE_MS);
    const times = bench.timesOf('f');
    expect(times.length).toBeGreaterThan(5);
    expect(times).toEqual([...new Set(times)].sort());
    expect(times).toEqual(at(...times.map((_, n) => `00:0${n + 1}:00`)));
    expect(bench.log.messages('warn')).toEqual([]);
  });

  it('that has had its last time stays, and wakes nobody', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', { expression: '0 1 0 1 1 * 2026' });
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:01:00'));
    expect([bench.scheduler.jobs.length, bench.clock.pending]).toEqual([1, 0]);
    expect(bench.log.messages('info')).toEqual(['a schedule has had its last occurrence']);
  });

  it('whose call fails is told of, and had again', async () => {
    const bench = await SchedulerBench.open({
      answer: () => Promise.reject(new InvocationError({ code: 'function_not_found', message: 'no f' })),
    });
    await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    await settled();
    expect(bench.calls).toHaveLength(2);
    expect(bench.log.messages('error')[0]).toBe('the occurrence of 2026-01-01T00:01:00+00:00 failed: no f');
    expect(bench.scheduler.jobs[0]).toMatchObject({
      failed: 2,
      lastRun: { outcome: 'failed', error: { code: 'function_not_found', message: 'no f' } },
    });
  });
});

describe('a condition', () => {
  it.each<[unknown, boolean]>([
    [true, true],
    ['false', true],
    [{}, true],
    [false, false],
    [null, false],
    [undefined, false],
    [0, false],
    ['', false],
    [new Error('no'), false],
  ])('that answers %j lets it be had: %s', async (result, expected) => {
    const bench = await SchedulerBench.open({
      answer: ({ functionId }) => {
        if (functionId !== 'c' || result === undefined) return undefined;
        return result instanceof Error ? Promise.reject(result) : rawFromValue(result);
      },
    });
    const metadata = { a: 1 };
    await bench.schedule('f', { ...EVERY_MINUTE, condition_function_id: 'c' }, { metadata, namespace: 'n' });
    await bench.clock.advanceAsync(MINUTE_MS);
    const [asked, called] = bench.calls;
    expect(bench.timesOf('f')).toHaveLength(expected ? 1 : 0);
    expect(asked?.request).not.toHaveProperty('metadata');
    expect(asked?.request.namespace).toBe('n');
    if (!expected) return;
    expect(called?.request).toMatchObject({ namespace: 'n', metadata, payload: asked?.request.payload });
  });

  it('is asked again the next time', async () => {
    const answers = [false, true, false, true];
    const bench = await SchedulerBench.open({
      answer: ({ functionId }) => (functionId === 'c' ? rawFromValue(answers.shift()) : undefined),
    });
    await bench.schedule('f', { ...EVERY_MINUTE, condition_function_id: 'c' });
    await bench.clock.advanceAsync(4 * MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:02:00', '00:04:00'));
  });
});

describe('an occurrence that comes while the one before is at work', () => {
  /** Answers once it is told to. */
  function slowly(): { answer: Answer; finish(): Promise<void> } {
    const waiting: Array<ReturnType<typeof gate>> = [];
    return {
      answer: () => {
        const end = gate();
        waiting.push(end);
        return end.opened.then(() => undefined);
      },
      finish: async () => {
        waiting.shift()?.open(undefined);
        await settled();
      },
    };
  }

  it('is skipped', async () => {
    const { answer, finish } = slowly();
    const bench = await SchedulerBench.open({ answer });
    await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(3 * MINUTE_MS + 1);
    expect(bench.timesOf('f')).toEqual(at('00:01:00'));
    await finish();
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:01:00', '00:04:00'));
    expect(bench.scheduler.jobs[0]?.skipped).toBe(2);
    // Once for each that is slow, however many it is in the way of.
    expect(bench.log.messages('warn')).toEqual(['an occurrence is skipped: the one before is still at work']);
  });

  it('waits for it where it is told to, and so do those behind it, in order', async () => {
    const { answer, finish } = slowly();
    const bench = await SchedulerBench.open({ answer });
    await bench.schedule('f', { ...EVERY_MINUTE, overlap: 'queue' });
    await bench.clock.advanceAsync(3 * MINUTE_MS + 1);
    expect(bench.timesOf('f')).toEqual(at('00:01:00'));
    await finish();
    expect(bench.timesOf('f')).toEqual(at('00:01:00', '00:02:00'));
    await finish();
    await finish();
    expect(bench.timesOf('f')).toEqual(at('00:01:00', '00:02:00', '00:03:00'));
    expect(bench.log.messages('warn')).toEqual([]);
  });

  it('is skipped when a hundred wait', async () => {
    const bench = await SchedulerBench.open({ answer: hang });
    await bench.schedule('f', { expression: '* * * * * *', overlap: 'queue' });
    await bench.clock.advanceAsync(120_000);
    expect(bench.scheduler.jobs[0]).toMatchObject({ queue: { length: 100 }, skipped: 19 });
  });

  it('is skipped also when all its triggers have left and come back meanwhile', async () => {
    const { answer, finish } = slowly();
    const bench = await SchedulerBench.open({ answer });
    const id = await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(MINUTE_MS);
    bench.scheduler.remove(id);
    await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:01:00'));
    await finish();
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('00:01:00', '00:03:00'));
  });
});

describe('pausing', () => {
  it('has nothing until it is resumed, and makes up for nothing then', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', { ...EVERY_MINUTE, catch_up: 'last' });
    const [job] = bench.scheduler.jobs;
    if (job === undefined) throw new Error('no job');
    await bench.scheduler.pause(job);
    await bench.clock.advanceAsync(HOUR_MS);
    expect([bench.calls.length, bench.clock.pending]).toEqual([0, 0]);
    await bench.scheduler.resume(job);
    await bench.scheduler.resume(job);
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(bench.timesOf('f')).toEqual(at('01:01:00'));
  });

  it('outlives the engine', async () => {
    const clock = new ManualClock();
    const store = await memoryStore();
    const first = await SchedulerBench.open({ clock, store });
    await first.schedule('f', EVERY_MINUTE);
    const [job] = first.scheduler.jobs;
    if (job !== undefined) await first.scheduler.pause(job);
    first.kill();
    const second = await SchedulerBench.open({ clock, store });
    await second.schedule('f', EVERY_MINUTE);
    await clock.advanceAsync(HOUR_MS);
    expect(second.calls).toEqual([]);
    const [again] = second.scheduler.jobs;
    if (again !== undefined) await second.scheduler.resume(again);
    await clock.advanceAsync(MINUTE_MS);
    expect(second.timesOf('f')).toEqual(at('01:01:00'));
  });
});

describe('stopping', () => {
  it('waits for what is at work, and begins nothing', async () => {
    const end = gate();
    const bench = await SchedulerBench.open({ answer: () => end.opened.then(() => undefined) });
    await bench.schedule('f', { ...EVERY_MINUTE, overlap: 'queue' });
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    let isStopped = false;
    const stopped = bench.scheduler.stop(new AbortController().signal).then(() => (isStopped = true));
    await bench.clock.advanceAsync(MINUTE_MS);
    expect(isStopped).toBe(false);
    end.open();
    await stopped;
    expect([bench.timesOf('f'), bench.clock.pending]).toEqual([at('00:01:00'), 0]);
  });

  it('at once ends what is at work', async () => {
    const bench = await SchedulerBench.open({
      answer: ({ request }) =>
        new Promise((_, reject) =>
          request.signal?.addEventListener('abort', () => reject(request.signal?.reason)),
        ),
    });
    await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(MINUTE_MS);
    const abort = new AbortController();
    const stopped = bench.scheduler.stop(abort.signal);
    abort.abort();
    await stopped;
    expect(bench.clock.pending).toBe(0);
  });
});
