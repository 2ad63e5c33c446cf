import type { WallTimes } from '../expression/expression.js';

const SECOND_MS = 1_000;

/**
 * The first time of a clock on a wall after another one. Wall times are milliseconds as if the wall was in UTC.
 *
 * @returns undefined when there is none until the last year of the dialect is over.
 */
export function nextWall(times: WallTimes, after: number): number | undefined {
  const from = new Date((Math.floor(after / SECOND_MS) + 1) * SECOND_MS);
  const [year, month, day] = [from.getUTCFullYear(), from.getUTCMonth() + 1, from.getUTCDate()];
  if (isDayOf(times, year, month, day)) {
    const rest = timeFrom(times, from.getUTCHours(), from.getUTCMinutes(), from.getUTCSeconds());
    if (rest !== undefined) return Date.UTC(year, month - 1, day) + rest;
  }
  const midnight = dayAfter(times, year, month, day);
  return midnight === undefined ? undefined : midnight + (timeFrom(times, 0, 0, 0) ?? 0);
}

/** Milliseconds from midnight to the first time of a day that is not before another one. */
function timeFrom(times: WallTimes, hour: number, minute: number, second: number): number | undefined {
  const { hours, minutes, seconds } = times;
  const [firstMinute = 0] = minutes;
  const [firstSecond = 0] = seconds;
  for (const h of hours) {
    if (h < hour) continue;
    if (h > hour) return milliseconds(h, firstMinute, firstSecond);
    for (const m of minutes) {
      if (m < minute) continue;
      if (m > minute) return milliseconds(h, m, firstSecond);
      for (const s of seconds) if (s >= second) return milliseconds(h, m, s);
    }
  }
  return undefined;
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
      const weekdayOfFirst = new Date(Date.UTC(y, m - 1, 1)).getUTCDay();
      const length = daysIn(y, m);
      for (const d of times.daysOfMonth) {
        if (d > length) break;
        if (isStart && d <= day) continue;
        // Day of month and day of week both have to match (§4.2).
        if (times.daysOfWeek.includes((weekdayOfFirst + d - 1) % 7)) return Date.UTC(y, m - 1, d);
      }
    }
  }
  return undefined;
}

function isDayOf(times: WallTimes, year: number, month: number, day: number): boolean {
  return (
    times.years.includes(year) &&
    times.months.includes(month) &&
    times.daysOfMonth.includes(day) &&
    times.daysOfWeek.includes(new Date(Date.UTC(year, month - 1, day)).getUTCDay())
  );
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}
