import type { Expression } from '../expression/expression.js';
import { Timetable } from './timetable.js';
import { Zone } from './zone.js';

/** Timetables by what they say, so that equal ones are one and compute everything once. */
export class Timetables {
  readonly #zones = new Map<string, Zone>();
  readonly #shared = new Map<string, WeakRef<Timetable>>();
  readonly #gone = new FinalizationRegistry<string>((key) => {
    if (this.#shared.get(key)?.deref() === undefined) this.#shared.delete(key);
  });

  /** @throws HandlerError with the code `invalid_timezone` */
  of({ times, canonical }: Expression, timezone: string): Timetable {
    const zone = this.#zone(timezone);
    const key = `${zone.name} ${canonical}`;
    const shared = this.#shared.get(key)?.deref();
    if (shared !== undefined) return shared;
    const timetable = new Timetable(times, zone);
    this.#shared.set(key, new WeakRef(timetable));
    this.#gone.register(timetable, key);
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
