import { describe, expect, it } from 'vitest';
import { type Indebted, OutboxBudget } from './outbox-budget.js';

class Peer implements Indebted {
  bufferedBytes = 0;
  overflowed = 0;

  constructor(private readonly budget: OutboxBudget) {}

  owes(bytes: number): this {
    this.bufferedBytes = bytes;
    this.budget.update(this);
    return this;
  }

  overflow(): void {
    this.overflowed++;
  }
}

describe('what waits for all peers together', () => {
  it('is counted while it waits', () => {
    const budget = new OutboxBudget(100);
    const [a, b] = [new Peer(budget).owes(30), new Peer(budget).owes(40)];
    expect(budget.total).toBe(70);
    a.owes(50);
    b.owes(0);
    expect(budget.total).toBe(50);
    budget.forget(a);
    budget.forget(b);
    expect(budget.total).toBe(0);
  });

  it('past the limit costs the peer with most its connection, not the one that came last', () => {
    const budget = new OutboxBudget(100);
    const [a, b, c] = [new Peer(budget).owes(60), new Peer(budget).owes(40), new Peer(budget).owes(1)];
    expect([a, b, c].map((peer) => peer.overflowed)).toEqual([1, 0, 0]);
    expect(budget.total).toBe(41);
  });
});
