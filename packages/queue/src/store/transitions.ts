import type { Store, Transaction } from 'iii-storage';
import { Tally } from './counts.js';

/** A change of jobs; it may be one of many in a transaction. */
export type Transition<T> = (tx: Transaction, tally: Tally) => T;

/** The same change of one of several. */
export type TransitionOf<G, T> = (tx: Transaction, tally: Tally, given: G, at: number) => T;

/** A change that is asked for, and who is told what became of it. */
export interface Step<T> {
  change(tx: Transaction, tally: Tally): T;
  /** It is durable. */
  resolve(result: T): void;
  reject(error: unknown): void;
}

/**
 * Changes of one turn of the event loop, made in one transaction: what they have in common, counts above all, is read
 * and written once for all of them. Each takes effect whole or not at all, in the order they were asked for.
 */
export class Transitions {
  #steps: Step<unknown>[] = [];
  /** Resolves when what was gathered last has been settled. */
  #settled: Promise<void> = Promise.resolve();
  #immediate: NodeJS.Immediate | undefined;

  constructor(private readonly store: Store) {}

  /** Resolves with what `change` returns once it is durable. It may be run twice; only the second run counts then. */
  make<T>(change: Transition<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => this.ask({ change, resolve, reject }));
  }

  /** As {@link make} for several: each for itself, and one promise for all. Resolves with what became of each. */
  makeEach<G, T>(
    all: readonly G[],
    change: TransitionOf<G, T>,
  ): Promise<ReadonlyArray<PromiseSettledResult<T>>> {
    return new Promise((resolve) => {
      const together = new Together(all.length, change, resolve);
      if (all.length === 0) resolve([]);
      all.forEach((given, at) => {
        this.ask(new OneOf(given, at, together));
      });
    });
  }

  /** As {@link make}, for who has a step at hand and needs no promise. */
  ask<T>(step: Step<T>): void {
    this.#steps.push(step);
    this.#immediate ??= setImmediate(() => this.#flush());
  }

  /** Makes what has been asked for, without waiting for the end of the turn. Resolves when it is settled. */
  async finish(): Promise<void> {
    clearImmediate(this.#immediate);
    this.#flush();
    await this.#settled;
  }

  #flush(): void {
    this.#immediate = undefined;
    const steps = this.#steps;
    this.#steps = [];
    if (steps.length > 0) this.#settled = this.#afterwards(this.#make(steps));
  }

  /** Resolves with nothing: what all of them came to would pile up for as long as there is one more. */
  async #afterwards(made: Promise<void>): Promise<void> {
    const before = this.#settled;
    await made;
    await before;
  }

  async #make(steps: readonly Step<unknown>[]): Promise<void> {
    let isRefused = false;
    const changeAll = (tx: Transaction) => {
      const tally = new Tally(tx);
      try {
        const results = steps.map((step) => step.change(tx, tally));
        tally.write();
        return results;
      } catch (error) {
        isRefused = true;
        throw error;
      }
    };
    const made = this.store.transaction(changeAll, { callers: steps.length });
    // Where the change of one is refused, the others must not suffer from it. At once, or later ones would overtake them.
    const singles = isRefused && steps.length > 1 ? steps.map((step) => this.#make([step])) : undefined;
    try {
      const results = await made;
      steps.forEach((step, at) => {
        step.resolve(results[at]);
      });
    } catch (error) {
      if (singles !== undefined) await Promise.all(singles);
      else for (const step of steps) step.reject(error);
    }
  }
}

/** What becomes of several, gathered. */
class Together<G, T> {
  readonly #results: Array<PromiseSettledResult<T>>;
  #open: number;

  constructor(
    count: number,
    readonly change: TransitionOf<G, T>,
    private readonly done: (results: ReadonlyArray<PromiseSettledResult<T>>) => void,
  ) {
    this.#results = new Array(count);
    this.#open = count;
  }

  settle(at: number, result: PromiseSettledResult<T>): void {
    this.#results[at] = result;
    if (--this.#open === 0) this.done(this.#results);
  }
}

class OneOf<G, T> implements Step<T> {
  constructor(
    private readonly given: G,
    private readonly at: number,
    private readonly together: Together<G, T>,
  ) {}

  change(tx: Transaction, tally: Tally): T {
    return this.together.change(tx, tally, this.given, this.at);
  }

  resolve(value: T): void {
    this.together.settle(this.at, { status: 'fulfilled', value });
  }

  reject(reason: unknown): void {
    this.together.settle(this.at, { status: 'rejected', reason });
  }
}
