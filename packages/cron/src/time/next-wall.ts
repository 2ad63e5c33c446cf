import type { WallTimes } from '../expression/expression.js';

const SECOND_MS = 1_000;
const DAY_MS = 86_400_000;
/** In years that are not leap years. */
const MONTH_LENGTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * The first time of a clock on a wall after another one. Wall times are milliseconds as if the wall was in UTC.
 *
 * @returns undefined when there is none until the last year of the dialect is over.
 */
export function nextWall(times: WallTimes, after: number): number | undefined {
  const from = Math.floor(after / SECOND_MS) + 1;
  const today = Math.floor((from * SECOND_MS) / DAY_MS) * DAY_MS;
  const date = new Date(today);
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth() + 1;
  const day = date.getUTCDate();
  if (isDayOf(times, year, month, day, weekdayOf(today))) {
    const second = from - today / SECOND_MS;
    const rest = timeFrom(times, Math.floor(second / 3_600), Math.floor(second / 60) % 60, second % 60);
    if (rest !== undefined) return today + rest;
  }
  const midnight = dayAfter(times, year, month, day);
  return midnight === undefined ? undefined : midnight + firstTime(times);
}

/** Milliseconds from midnight to the first time of a day that is not before another one. */
function timeFrom(times: WallTimes, hour: number, minute: number, second: number): number | undefined {
  const { hours, minutes, seconds } = times;
  const firstMinute = minutes[0] ?? 0;
  const firstSecond = seconds[0] ?? 0;
  if (hours.includes(hour)) {
    const s = minutes.includes(minute) ? firstFrom(seconds, second) : undefined;
    if (s !== undefined) return milliseconds(hour, minute, s);
    const m = firstFrom(minutes, minute + 1);
    if (m !== undefined) return milliseconds(hour, m, firstSecond);
  }
  const h = firstFrom(hours, hour + 1);
  return h === undefined ? undefined : milliseconds(h, firstMinute, firstSecond);
}

/** The first of ascending values that is not below another one. */
function firstFrom(values: readonly number[], least: number): number | undefined {
  for (let at = 0; at < values.length; at++) {
    const value = values[at];
    if (value !== undefined && value >= least) return value;
  }
  return undefined;
}

/** Milliseconds from midnight to the first time of a day. */
function firstTime({ hours, minutes, seconds }: WallTimes): number {
  return milliseconds(hours[0] ?? 0, minutes[0] ?? 0, seconds[0] ?? 0);
}

function milliseconds(hour: number, minute: number, second: number): number {
  return ((hour * 60 + minute) * 60 + second) * SECOND_MS;
}

/** Midnight of the first day after another one. */
function dayAfter(times: WallTimes, year: number, month: number, day: number): number | undefined {
  for (const y of times.years) {
    if (y < year) continue;
    for (const m of times.months) {
      if (y === year && m < month) continue;
      const isStart = y === year && m === month;
      const first = Date.UTC(y, m - 1, 1);
      const weekdayOfFirst = weekdayOf(first);
      const length = daysIn(y, m);
      for (const d of times.daysOfMonth) {
        if (d > length) break;
        if (isStart && d <= day) continue;
        // Day of month and day of week both have to match (§4.2).
        if (times.daysOfWeek.includes((weekdayOfFirst + d - 1) % 7)) return first + (d - 1) * DAY_MS;
      }
    }
  }
  return undefined;
}

function isDayOf(times: WallTimes, year: number, month: number, day: number, weekday: number): boolean {
  return (
    times.years.includes(year) &&
    times.months.includes(month) &&
    times.daysOfMonth.includes(day) &&
    times.daysOfWeek.includes(weekday)
  );
}

/** From 0, which is Sunday. @param midnight a day begins with. */
function weekdayOf(midnight: number): number {
  // The epoch began on a Thursday; days before it count downwards.
  return (((midnight / DAY_MS + 4) % 7) + 7) % 7;
}

function daysIn(year: number, month: number): number {
  const isLeapYear = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month === 2 && isLeapYear ? 29 : (MONTH_LENGTHS[month - 1] ?? 0);
}
