import { ManualClock } from 'iii-protocol/testing';
import { settled } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS, memoryStore, SchedulerBench } from '../test-support.js';

const NEW_YEAR = Date.UTC(2026, 0, 1);
const EVERY_MINUTE = { expression: '0 * * * * *' };

/** Times of 2026-01-01. */
const at = (...times: string[]) => times.map((time) => `2026-01-01T${time}`);

describe('a year', () => {
  it.each([
    ['Europe/Berlin', 8760],
    ['America/New_York', 8760],
    // Its clocks are changed by half an hour: twice an hour and a half lies between two full hours.
    ['Australia/Lord_Howe', 8759],
  ])('of a schedule in %s across both changes of its clocks has every time once', async (timezone, hours) => {
    const bench = await SchedulerBench.open({ scheduler: { maxSleepMs: 10 * MINUTE_MS } });
    await bench.schedule('hourly', { expression: '0 0 * * * *', timezone });
    await bench.schedule('daily', { expression: '0 30 2 * * *', timezone });
    await bench.clock.advanceAsync(365 * DAY_MS);
    const hourly = bench.timesOf('hourly');
    // By time as it passes: one in each hour, whatever the clocks show.
    const minutes = timezone === 'Australia/Lord_Howe' ? new Set(['00', '30']) : new Set(['00']);
    expect(new Set(hourly.map((time) => time.slice(14, 16)))).toEqual(minutes);
    expect(new Set(hourly).size).toBe(hourly.length);
    expect(hourly.length).toBe(hours);
    // On each day of the zone once.
    const day = new Intl.DateTimeFormat('en-CA', { timeZone: timezone });
    const days = bench.timesOf('daily').map((time) => day.format(new Date(`${time}Z`)));
    expect(new Set(days).size).toBe(days.length);
    expect(days.length).toBeGreaterThanOrEqual(364);
    expect(bench.log.lines).toEqual([]);
  });
});

describe('a clock that is set', () => {
  it('back by an hour repeats nothing, and goes on once it is where it was', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(90 * MINUTE_MS);
    expect(bench.calls).toHaveLength(90);
    bench.clock.jump(-HOUR_MS);
    await bench.clock.advanceAsync(HOUR_MS);
    expect(bench.calls).toHaveLength(90);
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    expect(bench.timesOf('f').slice(-2)).toEqual(at('01:31:00', '01:32:00'));
    expect(new Set(bench.timesOf('f')).size).toBe(92);
  });

  it.each([
    ['none', ['2026-01-01T00:10:00', '2026-01-02T00:20:00']],
    ['last', ['2026-01-01T00:10:00', '2026-01-02T00:10:00', '2026-01-02T00:20:00']],
  ])(
    'forward by a day has missed that day, and with catch_up %s does about it what it says',
    async (catch_up, expected) => {
      const bench = await SchedulerBench.open();
      await bench.schedule('f', { expression: '0 */10 * * * *', catch_up });
      await bench.clock.advanceAsync(15 * MINUTE_MS);
      bench.clock.jump(DAY_MS);
      await bench.clock.advanceAsync(6 * MINUTE_MS);
      expect(bench.timesOf('f')).toEqual(expected);
      expect(bench.log.lines).toMatchObject([
        { level: 'warn', fields: { first: '2026-01-01T00:20:00+00:00', last: '2026-01-02T00:10:00+00:00' } },
      ]);
    },
  );

  it('back by more than a day was wrong before: schedules start afresh', async () => {
    const bench = await SchedulerBench.open({ clock: new ManualClock(NEW_YEAR + 400 * DAY_MS) });
    await bench.schedule('f', EVERY_MINUTE);
    await bench.clock.advanceAsync(MINUTE_MS);
    bench.clock.jump(-400 * DAY_MS);
    await bench.clock.advanceAsync(2 * MINUTE_MS);
    expect(bench.timesOf('f').slice(1)).toEqual(at('00:02:00', '00:03:00'));
    expect(bench.log.messages('warn')).toEqual([
      'the clock was set back by more than a day: schedules start afresh',
    ]);
  });

  it('is noticed within a second, so that what is due right behind a step is in time', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', { expression: '0 0 12 * * *' });
    await bench.clock.advanceAsync(500);
    bench.clock.jump(12 * HOUR_MS - 1_500);
    await bench.clock.advanceAsync(2_000);
    expect(bench.timesOf('f')).toEqual(at('12:00:00'));
    expect(bench.log.lines).toEqual([]);
  });
});

describe('a process that stands still', () => {
  it('for a moment has what came meanwhile, all of it', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', { expression: '* * * * * *', overlap: 'queue' });
    await bench.clock.advanceAsync(1_000);
    bench.clock.stall(4_000);
    await bench.clock.advanceAsync(1_000);
    await settled();
    expect(bench.timesOf('f')).toEqual(
      at('00:00:01', '00:00:02', '00:00:03', '00:00:04', '00:00:05', '00:00:06'),
    );
  });

  it('for longer has what is still in time, which makes up for the rest', async () => {
    const bench = await SchedulerBench.open();
    await bench.schedule('f', { expression: '* * * * * *', overlap: 'queue', catch_up: 'last' });
    await bench.clock.advanceAsync(1_000);
    bench.clock.stall(HOUR_MS);
    await bench.clock.advanceAsync(500);
    await settled();
    const times = bench.timesOf('f');
    expect(times[0]).toBe('2026-01-01T00:00:01');
    expect(times.slice(1)).toEqual(at('00:59:57', '00:59:58', '00:59:59', '01:00:00', '01:00:01'));
    expect(bench.scheduler.jobs[0]?.missed).toBe(1);
  });
});

describe('an engine that is killed and started again', () => {
  it.each([
    ['none', at('00:10:00', '00:20:00', '02:10:00')],
    ['last', at('00:10:00', '00:20:00', '02:00:00', '02:10:00')],
  ])(
    'has each time once, and with catch_up %s what it says of those in between',
    async (catch_up, expected) => {
      const clock = new ManualClock();
      const store = await memoryStore();
      const config = { expression: '0 */10 * * * *', catch_up };
      const first = await SchedulerBench.open({ clock, store });
      await first.schedule('f', config);
      await clock.advanceAsync(20 * MINUTE_MS);
      first.kill();
      clock.advance(100 * MINUTE_MS + 30_000);
      const second = await SchedulerBench.open({ clock, store });
      await second.schedule('f', config);
      await clock.advanceAsync(10 * MINUTE_MS);
      expect([...first.timesOf('f'), ...second.timesOf('f')]).toEqual(expected);
    },
  );

  it('again and again, at any moment, has no time twice and loses none it was there for', async () => {
    const clock = new ManualClock();
    const store = await memoryStore();
    const times: string[] = [];
    for (let round = 0; round < 40; round++) {
      const bench = await SchedulerBench.open({ clock, store });
      await bench.schedule('f', { expression: '* * * * * *' });
      await clock.advanceAsync(700 + 137 * round);
      bench.kill();
      times.push(...bench.timesOf('f'));
    }
    const seconds = Math.floor(clock.now() / 1_000) - NEW_YEAR / 1_000;
    expect(new Set(times).size).toBe(times.length);
    expect(times).toEqual([...times].sort());
    expect(times).toHaveLength(seconds);
  });

  it('while its clock goes back does not have a time again', async () => {
    const clock = new ManualClock();
    const store = await memoryStore();
    const first = await SchedulerBench.open({ clock, store });
    await first.schedule('f', EVERY_MINUTE);
    await clock.advanceAsync(5 * MINUTE_MS);
    first.kill();
    clock.jump(-3 * MINUTE_MS);
    const second = await SchedulerBench.open({ clock, store });
    await second.schedule('f', EVERY_MINUTE);
    await clock.advanceAsync(4 * MINUTE_MS);
    expect(second.timesOf('f')).toEqual(at('00:06:00'));
  });

  it('and whose clock was years ahead before is not silent for years', async () => {
    const store = await memoryStore();
    const first = await SchedulerBench.open({ clock: new ManualClock(NEW_YEAR + 1_000 * DAY_MS), store });
    await first.schedule('f', EVERY_MINUTE);
    await first.clock.advanceAsync(MINUTE_MS);
    first.kill();
    const second = await SchedulerBench.open({ store });
    await second.schedule('f', EVERY_MINUTE);
    await second.clock.advanceAsync(2 * MINUTE_MS);
    expect(second.timesOf('f')).toEqual(at('00:01:00', '00:02:00'));
    expect(second.log.messages('warn')).toHaveLength(1);
  });

  it('before the first time of a schedule knows that it was missed', async () => {
    const clock = new ManualClock();
    const store = await memoryStore();
    const config = { expression: '0 0 1 * * *', catch_up: 'last' };
    const first = await SchedulerBench.open({ clock, store });
    await first.schedule('f', config);
    first.kill();
    await clock.advanceAsync(2 * HOUR_MS);
    const second = await SchedulerBench.open({ clock, store });
    await second.schedule('f', config);
    await clock.advanceAsync(1);
    expect(second.timesOf('f')).toEqual(at('01:00:00'));
  });
});
