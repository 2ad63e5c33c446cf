import type { WallTimes } from '../expression/expression.js';
import { nextWall } from './next-wall.js';
import type { Stretch, Zone } from './zone.js';

const SECOND_MS = 1_000;
const HOURS_A_DAY = 24;

/**
 * When an expression is due, in a time zone. Where its clocks are changed:
 *
 * - An expression with every hour goes by time as it passes: it is due whenever the clocks show one of its times, so in
 *   an hour that comes twice twice, and never in one that is left out.
 * - One that names hours has each of its times exactly once a day: of a time that comes twice the first, and for one that
 *   is left out, what the clocks would have shown had they not been changed yet (02:30 becomes 03:30).
 *
 * Instants are milliseconds since the epoch, at whole seconds.
 */
export class Timetable {
  readonly #namesHours: boolean;
  /** What was answered last, and for when. The answer is the same for every time from then on that is before it. */
  #asked = Number.NaN;
  #answer: number | undefined;

  constructor(
    private readonly times: WallTimes,
    readonly zone: Zone,
  ) {
    this.#namesHours = times.hours.length < HOURS_A_DAY;
  }

  /** The first instant after another one; undefined when there is none. */
  next(after: number): number | undefined {
    const isAnswered = after >= this.#asked && (this.#answer === undefined || after < this.#answer);
    if (!isAnswered) {
      this.#answer = this.#next(after);
      this.#asked = after;
    }
    return this.#answer;
  }

  /** The last instant after one and not after another; undefined when there is none. */
  last(after: number, until: number): number | undefined {
    const first = this.#next(after);
    if (first === undefined || first > until) return undefined;
    // Of any two times the earlier one has the earlier next instant, so halving finds the last that is in time.
    let low = first;
    let high = until + SECOND_MS;
    while (high - low > 1) {
      const middle = low + Math.floor((high - low) / 2);
      const next = this.#next(middle);
      if (next !== undefined && next <= until) low = next;
      else high = middle;
    }
    return low;
  }

  #next(after: number): number | undefined {
    let from = after;
    for (;;) {
      const stretch = this.zone.stretchAt(from + 1);
      const instant = this.#namesHours ? this.#oncePerDay(stretch, from) : this.#asShown(stretch, from);
      if (instant === undefined) return undefined;
      if (instant < stretch.end) return instant;
      // Its last millisecond, so that the next one starts with its first second.
      from = Math.max(stretch.end, this.#earliest(instant)) - 1;
    }
  }

  /** Nothing is due before this when clocks that are never changed again would have `instant` as the next. */
  #earliest(instant: number): number {
    return instant - 2 * 86_400_000;
  }

  #asShown({ offset }: Stretch, after: number): number | undefined {
    const wall = nextWall(this.times, after + offset);
    return wall === undefined ? undefined : wall - offset;
  }

  #oncePerDay(stretch: Stretch, after: number): number | undefined {
    const { offset, before, changedAt } = stretch;
    // Until then the clocks show what they have shown before.
    const repeatsUntil = changedAt + Math.max(0, before - offset);
    const shown = this.#asShown(stretch, Math.max(after, repeatsUntil - 1));
    const omittedUntil = changedAt + Math.max(0, offset - before);
    if (after >= omittedUntil - 1) return shown;
    const wall = nextWall(this.times, Math.max(after, changedAt - 1) + before);
    const omitted = wall === undefined ? undefined : wall - before;
    if (omitted === undefined || omitted >= omittedUntil) return shown;
    return shown === undefined ? omitted : Math.min(shown, omitted);
  }
}
