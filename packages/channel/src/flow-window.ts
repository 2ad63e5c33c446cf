import type { Clock } from 'iii-protocol';
import { WINDOW } from './wire.js';

/** Memory that windows share. */
export interface WindowBudget {
  /** False, and nothing is taken, when there is not so much left. */
  tryTake(bytes: number): boolean;
  /** Takes it in any case: what it needs at least to keep moving. */
  take(bytes: number): void;
  giveBack(bytes: number): void;
}

const UNSHARED: WindowBudget = { tryTake: () => true, take: () => {}, giveBack: () => {} };

/** No round trip is taken to be shorter: an event loop under load lets a grant wait for so long. */
const SHORTEST_TRIP_MS = 5;
/** Nor longer, so that a sender that is merely slow does not look far away. */
const LONGEST_TRIP_MS = 500;
/**
 * A window of so many trips keeps a link full although grants come a quarter late. A sender that has filled its own
 * buffers shows three quarters of a window per trip, whatever the size: that must not look like a need for more.
 */
const TRIPS = 1.3;
/** A rate is measured over at least a full window, or this long. */
const LONGEST_ROUND_MS = 1_000;
/** A window is halved when it was not needed for so long. */
const SHRINK_AFTER_MS = 10_000;

/**
 * The receiving side of flow control by credit (wire.ts): says up to which total the sender may go.
 *
 * The window follows the bandwidth-delay product. Nothing that was promised can be crossed before the promise has
 * made a round trip, so the shortest time between a grant and the first item beyond the one before it is the best
 * known round trip. While somewhat more than a window is consumed per round trip and the consumer keeps up, the sender
 * is what waits, and the window doubles. Where the consumer falls behind it never does.
 */
export class FlowWindow {
  readonly #clock: Pick<Clock, 'monotonic'>;
  #budget: WindowBudget;
  #size: number;
  #reserved: number;
  #granted: number = WINDOW.initial;
  #arrived = 0;
  #consumed = 0;

  /** The grant being timed: when it was announced, and the total that cannot be crossed without it. */
  #announcedAt = 0;
  #crossing = Number.POSITIVE_INFINITY;
  #shortestTrip = LONGEST_TRIP_MS;

  #roundStart: number;
  #roundCost = 0;
  #largestItem = 0;
  #behind = false;
  #neededAt: number;

  constructor(clock: Pick<Clock, 'monotonic'>, budget: WindowBudget = UNSHARED) {
    this.#clock = clock;
    this.#budget = budget;
    if (budget.tryTake(WINDOW.initial)) {
      this.#size = WINDOW.initial;
    } else {
      budget.take(WINDOW.min);
      this.#size = WINDOW.min;
    }
    this.#reserved = this.#size;
    this.#roundStart = this.#neededAt = clock.monotonic();
  }

  /** Cost that may be under way or waiting, as of the next grant. */
  get size(): number {
    return this.#size;
  }

  /** What is taken from the budget: the window, or more while a larger one that was granted can still be used up. */
  get reserved(): number {
    return this.#reserved;
  }

  /** The total announced last. */
  get granted(): number {
    return this.#granted;
  }

  /** Cost that has arrived and was not consumed. */
  get waiting(): number {
    return this.#arrived - this.#consumed;
  }

  /** Notes an item. False: the sender had no credit left for it. */
  arrived(cost: number): boolean {
    if (this.#arrived >= this.#granted) return false;
    if (this.#arrived >= this.#crossing) {
      this.#crossing = Number.POSITIVE_INFINITY;
      const trip = Math.max(SHORTEST_TRIP_MS, this.#clock.monotonic() - this.#announcedAt);
      if (trip < this.#shortestTrip) this.#shortestTrip = trip;
    }
    if (this.#arrived - this.#consumed > this.#size / 2) this.#behind = true;
    this.#arrived += cost;
    return true;
  }

  /**
   * Notes that an item was consumed. Returns the total to announce now, if any: when a quarter of the window can be
   * granted. A sender without credit then has at least three quarters of it waiting here, so the consumer does not
   * run dry.
   */
  consumed(cost: number): number | undefined {
    this.#consumed += cost;
    this.#roundCost += cost;
    if (cost > this.#largestItem) this.#largestItem = cost;
    if (this.#grantable < this.#size / 4) return undefined;
    const now = this.#clock.monotonic();
    this.#endRound(now);
    if (this.#grantable < this.#size / 4) return undefined;
    if (this.#crossing === Number.POSITIVE_INFINITY) {
      this.#crossing = this.#granted;
      this.#announcedAt = now;
    }
    this.#granted = this.#consumed + this.#size;
    this.#reserve(this.#size);
    return this.#granted;
  }

  /**
   * Lets a window shrink over which nothing comes any more; to be called now and then. What it was granted before
   * cannot be taken back, but is no longer counted when nothing waits.
   */
  review(): void {
    this.#endRound(this.#clock.monotonic());
    if (this.waiting === 0) this.#reserve(this.#size);
  }

  /** Gives everything back to the budget. What has arrived may still be consumed. */
  close(): void {
    this.#reserve(0);
    this.#budget = UNSHARED;
  }

  get #grantable(): number {
    return this.#consumed + this.#size - this.#granted;
  }

  #endRound(now: number): void {
    const elapsed = now - this.#roundStart;
    const isFull = this.#roundCost >= this.#size && elapsed >= this.#shortestTrip;
    if (!isFull && elapsed < LONGEST_ROUND_MS) return;
    const needed = (TRIPS * this.#shortestTrip * this.#roundCost) / elapsed;
    // Half of it has to leave room for an item that is consumed and one that is under way.
    if (needed + this.#largestItem > this.#size / 2) this.#neededAt = now;
    if (isFull && !this.#behind && needed > this.#size) this.#grow();
    else if (now - this.#neededAt >= SHRINK_AFTER_MS) {
      this.#size = Math.max(WINDOW.min, this.#size / 2);
      this.#neededAt = now;
    }
    this.#roundStart = now;
    this.#roundCost = 0;
    this.#largestItem = 0;
    this.#behind = false;
  }

  #grow(): void {
    const size = Math.min(WINDOW.max, this.#size * 2);
    const more = size - this.#reserved;
    if (more > 0 && !this.#budget.tryTake(more)) return;
    if (more > 0) this.#reserved = size;
    this.#size = size;
  }

  /** Gives back what is held beyond so many bytes. */
  #reserve(bytes: number): void {
    if (bytes >= this.#reserved) return;
    this.#budget.giveBack(this.#reserved - bytes);
    this.#reserved = bytes;
  }
}
