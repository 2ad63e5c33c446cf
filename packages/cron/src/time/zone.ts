import { cronError } from '../errors.js';

const DAY_MS = 86_400_000;
/** Milliseconds that are looked into at once. */
const WINDOW_MS = 64 * DAY_MS;

/** A stretch of time during which the clocks of a zone are not changed. */
export interface Stretch {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  /** Milliseconds the clocks are ahead of UTC. */
  readonly offset: number;
  /** When the clocks were last changed to it, and from what; both as now when that was a while ago. */
  readonly changedAt: number;
  readonly before: number;
}

/** The clocks of one time zone. It is taken for granted that they are not changed twice within a day. */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #windows = new Map<number, readonly Stretch[]>();

  private constructor(
    /** As the IANA database spells it. */
    readonly name: string,
  ) {
    if (name === 'UTC') return;
    this.#format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  }

  /** @throws HandlerError with the code `invalid_timezone` */
  static of(name: string): Zone {
    try {
      // Newer versions take offsets as well, which are no zones: their clocks are never changed.
      if (!/^[A-Za-z]/.test(name)) throw new RangeError('not a name');
      const format = new Intl.DateTimeFormat('en-US', { timeZone: name });
      return new Zone(format.resolvedOptions().timeZone);
    } catch {
      throw cronError('invalid_timezone', `the time zone is ${JSON.stringify(name)}`);
    }
  }

  /** The stretch an instant is in. */
  stretchAt(instant: number): Stretch {
    const index = Math.floor(instant / WINDOW_MS);
    let stretches = this.#windows.get(index);
    if (stretches === undefined) {
      stretches = this.#look(index * WINDOW_MS);
      this.#windows.set(index, stretches);
    }
    for (const stretch of stretches) if (instant < stretch.end) return stretch;
    throw new RangeError(`no stretch of ${this.name} at ${instant}`);
  }

  #look(start: number): Stretch[] {
    const end = start + WINDOW_MS;
    const stretches: Stretch[] = [];
    // A change shortly before is still felt.
    let probe = start - DAY_MS;
    let offset = this.#offsetAt(probe);
    let changedAt = probe;
    let before = offset;
    let from = start;
    while (probe < end) {
      const next = probe + DAY_MS;
      const offsetThen = this.#offsetAt(next);
      if (offsetThen !== offset) {
        const change = this.#changeBetween(probe, next, offset);
        if (change > from) {
          stretches.push({ start: from, end: Math.min(change, end), offset, changedAt, before });
          from = change;
        }
        before = offset;
        offset = offsetThen;
        changedAt = change;
      }
      probe = next;
    }
    if (from < end) stretches.push({ start: from, end, offset, changedAt, before });
    return stretches;
  }

  /** The first second with another offset. */
  #changeBetween(low: number, high: number, offset: number): number {
    let [same, other] = [low / 1_000, high / 1_000];
    while (other - same > 1) {
      const middle = Math.floor((same + other) / 2);
      if (this.#offsetAt(middle * 1_000) === offset) same = middle;
      else other = middle;
    }
    return other * 1_000;
  }

  #offsetAt(instant: number): number {
    if (this.#format === undefined) return 0;
    const text = this.#format.format(instant);
    const [, sign, hours, minutes, seconds] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
    if (sign === undefined) return 0;
    const size = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1_000;
    return sign === '-' ? -size : size;
  }
}
