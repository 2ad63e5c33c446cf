import type { Expression } from '../expression/expression.js';
import { Timetable } from './timetable.js';
import { Zone } from './zone.js';

/** How many are made until one that was not asked for meanwhile is forgotten. */
const KEPT = 1_024;

/**
 * Timetables by what they say, so that equal ones are one and compute everything once. Of those that were not asked for
 * in a while another one is made, which answers the same.
 */
export class Timetables {
  readonly #zones = new Map<string, Zone>();
  /** Those that were asked for last, and those from before them. */
  #recent = new Map<string, Timetable>();
  #earlier = new Map<string, Timetable>();

  /** @throws HandlerError with the code `invalid_timezone` */
  of({ times, canonical }: Expression, timezone: string): Timetable {
    const zone = this.#zone(timezone);
    // No expression begins as the name of a zone does.
    const key = zone.name === 'UTC' ? canonical : `${zone.name} ${canonical}`;
    const recent = this.#recent.get(key);
    if (recent !== undefined) return recent;
    const timetable = this.#earlier.get(key) ?? new Timetable(times, zone);
    if (this.#recent.size >= KEPT) {
      this.#earlier = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(key, timetable);
    return timetable;
  }

  /** There are only so many of them, whatever is asked for. */
  #zone(name: string): Zone {
    const known = this.#zones.get(name);
    if (known !== undefined) return known;
    const made = Zone.of(name);
    const zone = this.#zones.get(made.name) ?? made;
    this.#zones.set(zone.name, zone);
    return zone;
  }
}
