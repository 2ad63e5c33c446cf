import type { WindowBudget } from '../flow-window.js';
import { WINDOW } from '../wire.js';

/** Memory that all windows of a hub share. Only what a pipe needs at least may go beyond the limit. */
export class MemoryBudget implements WindowBudget {
  #used = 0;

  constructor(private readonly limit: number) {}

  get used(): number {
    return this.#used;
  }

  tryTake(bytes: number): boolean {
    if (this.#used + bytes > this.limit) return false;
    this.#used += bytes;
    return true;
  }

  take(bytes: number): void {
    this.#used += bytes;
  }

  giveBack(bytes: number): void {
    this.#used -= bytes;
  }
}

/** What may wait for the reader of a writer without credit; taken from the budget only while something does. */
export class MemoryWindow {
  #size = 0;

  constructor(
    private readonly budget: WindowBudget,
    private readonly wanted: number,
  ) {}

  /** Cost that may wait, reserved by asking. */
  reserve(): number {
    if (this.#size > 0) return this.#size;
    if (this.budget.tryTake(this.wanted)) this.#size = this.wanted;
    else {
      this.budget.take(WINDOW.min);
      this.#size = WINDOW.min;
    }
    return this.#size;
  }

  release(): void {
    if (this.#size > 0) this.budget.giveBack(this.#size);
    this.#size = 0;
  }
}
