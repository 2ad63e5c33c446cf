import type { Call, Outcome } from './call.js';

/** How many calls of workers’ functions there were since the engine started, and how many of them failed. */
export class CallCounts {
  #total = 0;
  #failed = 0;

  get total(): number {
    return this.#total;
  }

  get failed(): number {
    return this.#failed;
  }

  /** A call was handed to a worker. */
  began(): void {
    this.#total++;
  }

  /** A call came to nothing before a worker had it. */
  refused(): void {
    this.#total++;
    this.#failed++;
  }

  /** A call ended with an error. What its executor says after its deadline does not make it fail again. */
  fail(call: Call): void {
    if (call.failed) return;
    call.failed = true;
    this.#failed++;
  }

  /** What became of calls that were handed over together, in one that has been counted. */
  together(one: Outcome, outcomes: readonly Outcome[]): void {
    this.#total += outcomes.length - 1;
    const failed = outcomes.filter(({ error }) => error !== undefined).length;
    this.#failed += one.error === undefined ? failed : failed - 1;
  }
}
