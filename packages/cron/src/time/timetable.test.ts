import { CronExpressionParser } from 'cron-parser';
import { Cron } from 'croner';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseExpression } from '../expression/expression.js';
import { Timetable } from './timetable.js';
import { Timetables } from './timetables.js';

const timetables = new Timetables();
const tableOf = (text: string, zone = 'UTC') => timetables.of(parseExpression(text, 'quartz'), zone);

function occurrences(text: string, zone: string, from: string, count: number): string[] {
  const table = tableOf(text, zone);
  const found: string[] = [];
  let after = Date.parse(from);
  while (found.length < count) {
    const next = table.next(after);
    if (next === undefined) break;
    found.push(new Date(next).toISOString().slice(0, 19));
    after = next;
  }
  return found;
}

describe('the next occurrence', () => {
  it.each([
    ['* * * * * *', '2026-01-01T00:00:00Z', ['2026-01-01T00:00:01', '2026-01-01T00:00:02']],
    ['* * * * * *', '2026-01-01T00:00:00.999Z', ['2026-01-01T00:00:01']],
    ['0 0 0 * * *', '2025-12-31T23:59:59.001Z', ['2026-01-01T00:00:00', '2026-01-02T00:00:00']],
    [
      '0 0 9 13 * FRI',
      '2026-01-01T00:00:00Z',
      ['2026-02-13T09:00:00', '2026-03-13T09:00:00', '2026-11-13T09:00:00'],
    ],
    ['0 0 0 * * 1', '2026-01-01T00:00:00Z', ['2026-01-04T00:00:00', '2026-01-11T00:00:00']],
    ['0 0 0 29 2 *', '2026-01-01T00:00:00Z', ['2028-02-29T00:00:00', '2032-02-29T00:00:00']],
    ['0 0 0 29 2 *', '1999-12-31T00:00:00Z', ['2000-02-29T00:00:00', '2004-02-29T00:00:00']],
    ['0 0 0 29 2 * 2097-2100', '2026-01-01T00:00:00Z', []],
    ['0 0 0 * * THU', '1969-12-30T12:00:00Z', ['1970-01-01T00:00:00', '1970-01-08T00:00:00']],
    ['30 10 9 * * *', '2026-01-01T09:10:29.5Z', ['2026-01-01T09:10:30', '2026-01-02T09:10:30']],
    ['15,45 10,20 9,11 * * *', '2026-01-01T09:10:45Z', ['2026-01-01T09:20:15', '2026-01-01T09:20:45']],
    ['15,45 10,20 9,11 * * *', '2026-01-01T09:20:45Z', ['2026-01-01T11:10:15', '2026-01-01T11:10:45']],
    ['0 0 0 31 * *', '2026-01-31T00:00:00Z', ['2026-03-31T00:00:00', '2026-05-31T00:00:00']],
    ['0 0 0 29 2 SUN', '2026-01-01T00:00:00Z', ['2032-02-29T00:00:00', '2060-02-29T00:00:00']],
    ['59 59 23 31 12 * 2099-2100', '2026-01-01T00:00:00Z', ['2099-12-31T23:59:59', '2100-12-31T23:59:59']],
    ['0 0 0 1 1 * 2100', '2026-01-01T00:00:00Z', ['2100-01-01T00:00:00']],
    ['0 0 0 1 1 * 2001', '2026-01-01T00:00:00Z', []],
    ['0 0 0 30 2 *', '2026-01-01T00:00:00Z', []],
    ['0 0 0 31 2,4,6,9,11 *', '2026-01-01T00:00:00Z', []],
  ])('of %s after %s is %j', (text, from, expected) => {
    expect(occurrences(text, 'UTC', from, Math.max(1, expected.length))).toEqual(expected);
  });

  it('is the same for every time before it, in whatever order they are asked about', () => {
    const span = { min: Date.UTC(2026, 2, 20), max: Date.UTC(2026, 10, 10) };
    const text = fc.constantFrom(
      '0 30 2 * * *',
      '0 */20 1-3 * * *',
      '0 30 * * * *',
      '*/7 * 2 * * SUN',
      '0 0 0 1 1 * 2026',
    );
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe', 'America/Havana');
    const times = fc.array(fc.integer(span), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(text, zone, times, fc.nat(7_200_000), (expression, name, from, later) => {
        const table = tableOf(expression, name);
        for (const at of from.flatMap((instant) => [instant, instant + later, instant, instant - 1])) {
          const afresh = new Timetable(parseExpression(expression, 'quartz').times, table.zone);
          expect(table.next(at)).toBe(afresh.next(at));
        }
      }),
    );
  });

  it('that never comes is found out in no time', () => {
    const started = performance.now();
    expect(occurrences('0 0 0 30 2 *', 'America/New_York', '2026-01-01T00:00:00Z', 1)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

const BERLIN_SPRING = '2026-03-28T23:00:00Z'; // 02:00 → 03:00 at 2026-03-29T01:00Z
const BERLIN_AUTUMN = '2026-10-24T22:30:00Z'; // 03:00 → 02:00 at 2026-10-25T01:00Z

describe('where clocks are changed', () => {
  it.each([
    ['0 0 * * * *', BERLIN_SPRING, ['29T00', '29T01', '29T02'].map((hour) => `2026-03-${hour}:00:00`)],
    ['0 30 * * * *', BERLIN_SPRING, ['28T23', '29T00', '29T01'].map((hour) => `2026-03-${hour}:30:00`)],
    [
      '0 0 * * * *',
      BERLIN_AUTUMN,
      ['24T23', '25T00', '25T01', '25T02'].map((hour) => `2026-10-${hour}:00:00`),
    ],
    [
      '0 30 * * * *',
      BERLIN_AUTUMN,
      ['24T23', '25T00', '25T01', '25T02'].map((hour) => `2026-10-${hour}:30:00`),
    ],
  ])('%s goes by time as it passes', (text, from, expected) => {
    expect(occurrences(text, 'Europe/Berlin', from, expected.length)).toEqual(expected);
  });

  it.each([
    // Left out: what the clocks would have shown had they not been changed yet.
    ['0 30 2 * * *', BERLIN_SPRING, ['2026-03-29T01:30:00', '2026-03-30T00:30:00']],
    ['0 0,30 2 * * *', BERLIN_SPRING, ['2026-03-29T01:00:00', '2026-03-29T01:30:00', '2026-03-30T00:00:00']],
    // 02:30 becomes 03:30, which it has anyway: once.
    ['0 30 2,3 * * *', BERLIN_SPRING, ['2026-03-29T01:30:00', '2026-03-30T00:30:00', '2026-03-30T01:30:00']],
    ['0 0 3 * * *', BERLIN_SPRING, ['2026-03-29T01:00:00', '2026-03-30T01:00:00']],
    // Twice there: the first.
    ['0 30 2 * * *', BERLIN_AUTUMN, ['2026-10-25T00:30:00', '2026-10-26T01:30:00']],
    [
      '0 */30 1-3 * * *',
      BERLIN_AUTUMN,
      ['24T23:00', '24T23:30', '25T00:00', '25T00:30', '25T02:00', '25T02:30'].map(
        (time) => `2026-10-${time}:00`,
      ),
    ],
  ])('%s has each of its times once a day', (text, from, expected) => {
    expect(occurrences(text, 'Europe/Berlin', from, expected.length)).toEqual(expected);
  });

  it('half an hour, a quarter past midnight, and a whole day that was left out are changes as others are', () => {
    // Lord Howe: 02:00 → 02:30 at 2026-10-03T15:30Z
    expect(occurrences('0 15 2 * * *', 'Australia/Lord_Howe', '2026-10-03T00:00:00Z', 2)).toEqual([
      '2026-10-03T15:45:00',
      '2026-10-04T15:15:00',
    ]);
    // Havana: 00:00 → 01:00 at 2026-03-08T05:00Z
    expect(occurrences('0 0 0 * * *', 'America/Havana', '2026-03-08T00:00:00Z', 2)).toEqual([
      '2026-03-08T05:00:00',
      '2026-03-09T04:00:00',
    ]);
    // Apia had no 30 December 2011: its 10:00 is that of the next day.
    expect(occurrences('0 0 10 * * *', 'Pacific/Apia', '2011-12-29T00:00:00Z', 3)).toEqual([
      '2011-12-29T20:00:00',
      '2011-12-30T20:00:00',
      '2011-12-31T20:00:00',
    ]);
  });

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])(
    'in %s no minute of a year is lost or had twice, as the clocks themselves show',
    (zone) => {
      const show = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit' });
      const table = tableOf('0 7,37 * * * *', zone);
      const [start, end] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)];
      const expected: number[] = [];
      // Every zone here is a multiple of half an hour from UTC, so that only these can match.
      for (let at = start; at < end; at += 60_000) {
        const minute = (at / 60_000) % 30;
        if (minute === 7 && /:(07|37)$/.test(show.format(at))) expected.push(at);
      }
      const found: number[] = [];
      for (let at = table.next(start - 1); at !== undefined && at < end; at = table.next(at)) found.push(at);
      expect(found).toEqual(expected);
      expect(found).toHaveLength(2 * 24 * 365);
    },
  );

  it.each(['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe'])(
    'in %s a time of the day is had on each of the 365 days of a year, in order',
    (zone) => {
      for (const hour of ['1', '2', '3', '0', '23']) {
        const table = tableOf(`0 30 ${hour} * * *`, zone);
        const show = new Intl.DateTimeFormat('en-CA', { timeZone: zone });
        const days: string[] = [];
        let at = table.next(Date.parse('2025-12-31T12:00:00Z')) ?? 0;
        for (; days.length < 365; at = table.next(at) ?? 0) days.push(show.format(at));
        expect(new Set(days).size).toBe(365);
        expect(days).toEqual([...days].sort());
      }
    },
  );
});

/** Expressions that the other libraries read alike: cron-parser counts days from Sunday as 0, and so does croner. */
const TABLE = [
  ...['* * * * * *', '*/7 * * * * *', '30 * * * * *', '0 */5 * * * *', '15 3-59/11 * * * *', '0 0 */6 * * *'],
  ...['0 30 9 * * *', '59 59 23 * * *', '0 0 0 1 * *', '0 0 12 15 * *', '0 15 10 31 * *', '0 0 0 29 2 *'],
  ...['0 0 9 * * MON-FRI', '0 0 18 * * SAT,SUN', '0 0 0 * JAN,JUL *', '0 0 0 1 1 *', '0 45 4 * MAR-MAY TUE'],
  ...['1,2,3 4-6 7 * * *', '0 0 8-18/2 * * WED', '10 20 2 */3 * *'],
];

const INSTANTS = [
  ...['2026-01-01T00:00:00Z', '2026-02-28T23:59:59Z', '2027-12-31T23:59:59.999Z', '2028-02-29T12:00:00Z'],
  ...['2026-03-29T00:59:59Z', '2026-10-25T00:15:00Z', '2026-11-30T17:42:13Z', '2031-06-15T06:30:00Z'],
  ...['2096-02-28T00:00:00Z', '2026-07-04T23:59:00Z', '2099-12-31T22:00:00Z'],
];

describe('the next five occurrences, as other libraries have them,', () => {
  it(`are the same in ${TABLE.length * INSTANTS.length} cases`, () => {
    expect(TABLE.length * INSTANTS.length).toBeGreaterThanOrEqual(200);
    for (const text of TABLE) {
      for (const from of INSTANTS) {
        const ours = occurrences(text, 'UTC', from, 5);
        const other = CronExpressionParser.parse(text, { currentDate: from, tz: 'UTC' });
        const theirs = Array.from({ length: 5 }, () => other.next().toDate().toISOString().slice(0, 19));
        // Beyond 2100 there is nothing in this dialect.
        expect([text, from, ours]).toEqual([text, from, theirs.filter((time) => time < '2101')]);
      }
    }
  });

  it('are the same with day of month and day of week, both of which have to match', () => {
    for (const text of [
      '0 0 9 13 * FRI',
      '0 30 6 1-7 * MON',
      '0 0 0 31 * SUN',
      '0 0 12 29 2 *',
      '0 0 0 */2 * TUE',
    ]) {
      for (const from of INSTANTS) {
        const cron = new Cron(text, { paused: true, timezone: 'UTC', domAndDow: true });
        const theirs = cron.nextRuns(3, new Date(from)).map((date) => date.toISOString().slice(0, 19));
        expect([text, from, occurrences(text, 'UTC', from, 3)]).toEqual([
          text,
          from,
          theirs.filter((time) => time < '2101'),
        ]);
      }
    }
  });

  it('are the same in time zones, also on days on which clocks are changed', () => {
    for (const zone of ['Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Auckland']) {
      for (const text of ['0 30 9 * * *', '0 0 0 * * MON', '0 0 12 1 * *', '0 15 23 * * *']) {
        for (const from of INSTANTS) {
          const other = CronExpressionParser.parse(text, { currentDate: from, tz: zone });
          const theirs = Array.from({ length: 5 }, () => other.next().toDate().toISOString().slice(0, 19));
          const ours = occurrences(text, zone, from, 5);
          expect([zone, text, from, ours]).toEqual([zone, text, from, theirs.slice(0, ours.length)]);
        }
      }
    }
  });
});

describe('the last occurrence between two instants', () => {
  it('is the last of all that come one after the other', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Berlin', 'Australia/Lord_Howe');
    const start = fc.integer({ min: Date.UTC(2026, 2, 27), max: Date.UTC(2026, 2, 31) });
    fc.assert(
      fc.property(
        fc.constantFrom(...TABLE.slice(2)),
        zones,
        start,
        fc.nat(200_000_000),
        (text, zone, from, span) => {
          const table = tableOf(text, zone);
          let last: number | undefined;
          for (let at = table.next(from); at !== undefined && at <= from + span; at = table.next(at))
            last = at;
          expect(table.last(from, from + span)).toBe(last);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('is found in years of seconds without going through them', () => {
    const started = performance.now();
    const [from, until] = [Date.UTC(2020, 0, 1), Date.UTC(2026, 0, 1, 0, 0, 0, 500)];
    expect(tableOf('* * * * * *').last(from, until)).toBe(Date.UTC(2026, 0, 1));
    expect(performance.now() - started).toBeLessThan(200);
  });
});

describe('timetables', () => {
  it('that say the same are one', () => {
    expect(tableOf('@hourly')).toBe(tableOf('0 0 * * * *'));
    expect(tableOf('@hourly', 'europe/berlin')).toBe(tableOf('0 0 * * * ?', 'Europe/Berlin'));
    expect(tableOf('@hourly', 'UTC')).not.toBe(tableOf('@hourly', 'Europe/Berlin'));
  });

  it('that nobody has asked for in a while are made anew, and answer the same', () => {
    const [now, seconds] = [Date.UTC(2026, 0, 1), 5_000];
    const textOf = (n: number) => `${n % 60} ${Math.floor(n / 60) % 60} ${Math.floor(n / 3_600)} * * *`;
    const first = tableOf(textOf(0));
    const kept = tableOf(textOf(seconds));
    for (let n = 0; n < seconds; n++) {
      expect(tableOf(textOf(n)).next(now - 1)).toBe(now + n * 1_000);
      expect(tableOf(textOf(seconds))).toBe(kept);
    }
    expect(tableOf(textOf(0))).not.toBe(first);
    expect(tableOf(textOf(0)).next(now - 1)).toBe(first.next(now - 1));
  });

  it.each(['Mars/Olympus', '+02:00', '', 'Europe/', '../../etc/passwd'])('know no zone %j', (zone) => {
    expect(() => tableOf('@daily', zone)).toThrow(`the time zone is ${JSON.stringify(zone)}`);
  });
});
