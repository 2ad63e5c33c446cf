import fc from 'fast-check';
import { ManualClock } from 'iii-protocol/testing';
import { describe, expect, it } from 'vitest';
import { FlowWindow, type WindowBudget } from './flow-window.js';
import { costOf, WINDOW } from './wire.js';

const KIB = 1024;
const MIB = 1024 * KIB;

class Budget implements WindowBudget {
  used = 0;
  constructor(readonly limit: number) {}
  tryTake(bytes: number): boolean {
    if (this.used + bytes > this.limit) return false;
    this.used += bytes;
    return true;
  }
  take(bytes: number): void {
    this.used += bytes;
  }
  giveBack(bytes: number): void {
    this.used -= bytes;
  }
}

interface Link {
  /** Milliseconds from one end to the other. */
  readonly delay: number;
  /** Bytes per millisecond. */
  readonly bandwidth: number;
  /** Bytes per millisecond the application at each end makes and takes. */
  readonly produces?: number | undefined;
  readonly consumes?: number;
  readonly itemBytes?: number;
}

/** A sender, a link that serializes what it is given, and a consumer, on one clock. */
class Transfer {
  readonly window: FlowWindow;
  received = 0;
  grants = 0;
  largest = 0;
  worstWaiting = 0;
  #credit: number = WINDOW.initial;
  #sent = 0;
  #linkFree = 0;
  #producedAt = 0;
  #consumerFree = 0;
  readonly #cost: number;

  constructor(
    readonly clock: ManualClock,
    readonly link: Link,
    budget?: WindowBudget,
  ) {
    this.window = new FlowWindow(clock, budget);
    this.#cost = costOf(link.itemBytes ?? 16 * KIB);
    this.#send();
  }

  /** Bytes per millisecond received over the time given. */
  rateOver(ms: number): number {
    const before = this.received;
    this.clock.advance(ms);
    return (this.received - before) / ms;
  }

  readonly #send = (): void => {
    const { clock, link } = this;
    while (this.#sent < this.#credit) {
      if (link.produces !== undefined) {
        if (this.#producedAt > clock.monotonic()) {
          clock.setTimeout(this.#send, this.#producedAt - clock.monotonic());
          return;
        }
        this.#producedAt = Math.max(this.#producedAt, clock.monotonic() - 1) + this.#cost / link.produces;
      }
      this.#sent += this.#cost;
      this.#linkFree = Math.max(this.#linkFree, clock.monotonic()) + this.#cost / link.bandwidth;
      clock.setTimeout(this.#arrive, this.#linkFree + link.delay - clock.monotonic());
    }
  };

  readonly #arrive = (): void => {
    expect(this.window.arrived(this.#cost)).toBe(true);
    this.received += this.#cost;
    this.worstWaiting = Math.max(this.worstWaiting, this.window.waiting);
    const now = this.clock.monotonic();
    this.#consumerFree =
      Math.max(this.#consumerFree, now) + this.#cost / (this.link.consumes ?? Number.POSITIVE_INFINITY);
    if (this.#consumerFree <= now) this.#consume();
    else this.clock.setTimeout(this.#consume, this.#consumerFree - now);
  };

  readonly #consume = (): void => {
    const total = this.window.consumed(this.#cost);
    this.largest = Math.max(this.largest, this.window.size);
    if (total === undefined) return;
    this.grants++;
    this.clock.setTimeout(() => {
      const stalled = this.#sent >= this.#credit;
      this.#credit = total;
      if (stalled) this.#send();
    }, this.link.delay);
  };
}

describe('the rules of credit', () => {
  it('lets a sender begin with the initial window, and overshoot it by one item', () => {
    const window = new FlowWindow(new ManualClock());
    expect(window.arrived(WINDOW.initial - 1)).toBe(true);
    expect(window.arrived(5 * MIB)).toBe(true);
    expect(window.arrived(1)).toBe(false);
    expect(window.waiting).toBe(WINDOW.initial - 1 + 5 * MIB);
  });

  it('announces a quarter of the window at a time, not item by item', () => {
    const window = new FlowWindow(new ManualClock());
    const announced: number[] = [];
    for (let i = 0; i < 1024; i++) {
      window.arrived(KIB);
      const total = window.consumed(KIB);
      if (total !== undefined) announced.push(total);
    }
    expect(announced).toHaveLength(16);
    expect(announced[0]).toBe(WINDOW.initial + WINDOW.initial / 4);
    expect(announced.at(-1)).toBe(MIB + WINDOW.initial);
  });

  it('keeps them whatever happens', () => {
    const step = fc.record({
      item: fc.oneof(fc.integer({ min: 1, max: 2_000 }), fc.integer({ min: 1, max: 4 * MIB })),
      consume: fc.nat({ max: 4 }),
      pause: fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: 30_000 })),
      review: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), fc.nat({ max: 40 * MIB }), (steps, limit) => {
        const clock = new ManualClock();
        const budget = new Budget(limit);
        const window = new FlowWindow(clock, budget);
        const items: number[] = [];
        let sent = 0;
        let largestItem = 0;
        let largestPromise = WINDOW.initial;
        const consume = (): void => {
          const cost = items.shift();
          if (cost === undefined) return;
          const before = window.granted;
          const total = window.consumed(cost);
          // Credit never goes backwards.
          expect(window.granted).toBeGreaterThanOrEqual(before);
          if (total === undefined) return;
          expect(total).toBe(window.granted);
          expect(total - before).toBeGreaterThanOrEqual(window.size / 4);
          largestPromise = Math.max(largestPromise, window.size);
        };
        for (const { item, consume: times, pause, review } of steps) {
          const hasCredit = sent < window.granted;
          expect(window.arrived(item)).toBe(hasCredit);
          if (hasCredit) {
            items.push(item);
            sent += item;
            largestItem = Math.max(largestItem, item);
          }
          // Never more than the window in which it was granted, and one item.
          expect(window.waiting).toBeLessThan(largestPromise + largestItem);
          expect(window.size).toBeGreaterThanOrEqual(WINDOW.min);
          expect(window.size).toBeLessThanOrEqual(WINDOW.max);
          expect(window.reserved).toBeGreaterThanOrEqual(window.size);
          expect(budget.used).toBe(window.reserved);
          expect(budget.used).toBeLessThanOrEqual(Math.max(limit, WINDOW.min));
          clock.advance(pause);
          for (let i = 0; i < times; i++) consume();
          if (review) window.review();
        }
        // Whoever consumes everything leaves the sender with credit.
        while (items.length > 0) consume();
        expect(window.waiting).toBe(0);
        expect(window.arrived(1)).toBe(true);
        window.close();
        expect(budget.used).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  it('still counts what is consumed after it was closed, and takes nothing more', () => {
    const clock = new ManualClock();
    const budget = new Budget(64 * MIB);
    const window = new FlowWindow(clock, budget);
    window.close();
    window.close();
    expect(budget.used).toBe(0);
    for (let i = 0; i < 100; i++) {
      window.arrived(64 * KIB);
      clock.advance(10);
      window.consumed(64 * KIB);
    }
    expect(budget.used).toBe(0);
  });
});

describe('the size of the window', () => {
  const links = fc.record({
    delay: fc.double({ min: 0.05, max: 120, noNaN: true }),
    bandwidth: fc.double({ min: 50, max: 200_000, noNaN: true }),
    itemBytes: fc.constantFrom(4 * KIB, 64 * KIB),
  });

  it('converges so that a link is near full, whatever its delay and bandwidth', () => {
    fc.assert(
      fc.property(
        links.filter(({ delay, bandwidth }) => 2 * delay * bandwidth < 6 * MIB),
        (link) => {
          const transfer = new Transfer(new ManualClock(), link);
          const trip = 2 * link.delay;
          transfer.clock.advance(30 * trip + 200);
          const manyItems = (40 * costOf(link.itemBytes)) / link.bandwidth;
          expect(transfer.rateOver(20 * trip + 50 + manyItems)).toBeGreaterThan(0.9 * link.bandwidth);
          // And not far beyond what that takes: sizes are powers of two, and an estimate may be late by one.
          const product = Math.max(5, trip) * link.bandwidth;
          expect(transfer.largest).toBeLessThanOrEqual(Math.max(2 * WINDOW.initial, 8 * product));
        },
      ),
      { numRuns: 25 },
    );
  });

  it('reaches its maximum and stays there on a link that could take more', () => {
    const transfer = new Transfer(new ManualClock(), {
      delay: 50,
      bandwidth: 1_000_000,
      itemBytes: 64 * KIB,
    });
    transfer.clock.advance(2_000);
    expect(transfer.window.size).toBe(WINDOW.max);
    expect(transfer.rateOver(1_000)).toBeGreaterThan((0.75 * WINDOW.max) / 100);
  });

  it('doubles about once per round trip while the sender is what waits', () => {
    const transfer = new Transfer(new ManualClock(), { delay: 50, bandwidth: 100_000, itemBytes: 64 * KIB });
    transfer.clock.advance(1_000);
    expect(transfer.window.size).toBeGreaterThanOrEqual(8 * MIB);
  });

  it('takes few grants: at most five for every window', () => {
    const transfer = new Transfer(new ManualClock(), { delay: 0.1, bandwidth: 20_000, itemBytes: 1 * KIB });
    transfer.clock.advance(100);
    expect(transfer.grants).toBeGreaterThan(1);
    expect(transfer.grants).toBeLessThan((5 * transfer.received) / WINDOW.initial + 1);
  });

  it('never grows for a consumer that is slow, near or far, and bounds what waits for it', () => {
    fc.assert(
      fc.property(links, fc.double({ min: 0.5, max: 500, noNaN: true }), (link, consumes) => {
        // The sender could fill at least two windows in the time the consumer takes for one.
        fc.pre(WINDOW.initial / (2 * link.delay + WINDOW.initial / link.bandwidth) > 2 * consumes);
        const transfer = new Transfer(new ManualClock(), { ...link, consumes });
        transfer.clock.advance(20_000);
        expect(transfer.largest).toBeLessThanOrEqual(WINDOW.initial);
        expect(transfer.worstWaiting).toBeLessThan(WINDOW.initial + costOf(link.itemBytes));
      }),
      { numRuns: 25 },
    );
  });

  it('stops growing where the consumer becomes what is slow', () => {
    const link = { delay: 50, bandwidth: 100_000, consumes: 10_000 };
    const transfer = new Transfer(new ManualClock(), link);
    transfer.clock.advance(5_000);
    expect(transfer.rateOver(1_000)).toBeGreaterThan(0.95 * link.consumes);
    expect(transfer.largest).toBeLessThanOrEqual(4 * MIB);
  });

  it('does not grow for a sender that makes little', () => {
    const transfer = new Transfer(new ManualClock(), { delay: 1, bandwidth: 100_000, produces: 200 });
    transfer.clock.advance(30_000);
    expect(transfer.received / 30_000).toBeGreaterThan(190);
    expect(transfer.largest).toBeLessThanOrEqual(WINDOW.initial);
  });

  it('shrinks slowly when it is not needed any more, never below the least', () => {
    const link = {
      delay: 50,
      bandwidth: 100_000,
      produces: Number.POSITIVE_INFINITY,
      itemBytes: 64 * KIB,
    };
    const budget = new Budget(64 * MIB);
    const transfer = new Transfer(new ManualClock(), link, budget);
    transfer.clock.advance(2_000);
    const large = transfer.window.size;
    link.produces = 500;
    transfer.clock.advance(5_000);
    expect(transfer.window.size).toBe(large);
    transfer.clock.advance(25_000);
    expect(transfer.window.size).toBeLessThanOrEqual(large / 2);
    expect(transfer.window.size).toBeGreaterThanOrEqual(large / 16);
    transfer.clock.advance(600_000);
    expect(transfer.window.size).toBeGreaterThanOrEqual(WINDOW.min);
    expect(transfer.rateOver(10_000)).toBeGreaterThan(450);
    expect(budget.used).toBeLessThanOrEqual(WINDOW.initial);
  });

  it('shrinks while nothing comes at all, and gives back what is idle', () => {
    const clock = new ManualClock();
    const budget = new Budget(MIB);
    const window = new FlowWindow(clock, budget);
    window.arrived(100);
    window.consumed(100);
    for (let i = 0; i < 5; i++) {
      clock.advance(60_000);
      window.review();
    }
    expect([window.size, budget.used]).toEqual([WINDOW.min, WINDOW.min]);
    // What was promised stays promised.
    expect(window.granted).toBe(WINDOW.initial);
    expect(window.arrived(WINDOW.initial)).toBe(true);
    expect(window.consumed(WINDOW.initial)).toBe(WINDOW.initial + 100 + WINDOW.min);
  });

  it('does not give back what is promised while something waits', () => {
    const clock = new ManualClock();
    const budget = new Budget(MIB);
    const window = new FlowWindow(clock, budget);
    window.arrived(100);
    clock.advance(60_000);
    window.review();
    expect([window.size, window.reserved]).toEqual([WINDOW.initial / 2, WINDOW.initial]);
  });
});

describe('a shared budget', () => {
  it('stops growth, and is never exceeded but by the least windows', () => {
    const clock = new ManualClock();
    const budget = new Budget(8 * MIB);
    const link = { delay: 50, bandwidth: 10_000, itemBytes: 16 * KIB };
    const transfers = Array.from({ length: 64 }, () => new Transfer(clock, link, budget));
    clock.advance(3_000);
    const least = transfers.filter(({ window }) => window.size === WINDOW.min).length;
    expect(least).toBeGreaterThanOrEqual(32);
    expect(budget.used).toBeLessThanOrEqual(8 * MIB + least * WINDOW.min);
    // Everybody moves.
    for (const transfer of transfers) expect(transfer.rateOver(300)).toBeGreaterThan(0);
    for (const { window } of transfers) window.close();
    expect(budget.used).toBe(0);
  });

  it('lets a window grow once others have ended', () => {
    const clock = new ManualClock();
    const budget = new Budget(512 * KIB);
    const other = new FlowWindow(clock, budget);
    const transfer = new Transfer(clock, { delay: 10, bandwidth: 30_000 }, budget);
    clock.advance(500);
    expect(transfer.window.size).toBe(WINDOW.initial);
    other.close();
    clock.advance(500);
    expect(transfer.window.size).toBe(2 * WINDOW.initial);
  });
});
