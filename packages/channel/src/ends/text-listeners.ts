import { costOf } from '../wire.js';

type TextListener = (msg: string) => void;

/** Cost of text kept while nobody listens. */
export const MAX_EARLY_TEXT = 1024 * 1024;

/**
 * Who is told of text messages. What arrives before anybody listens is kept for the first to do so, the latest of it
 * when it is too much.
 */
export class TextListeners {
  readonly #listeners: TextListener[] = [];
  #early: string[] = [];
  #earlyCost = 0;

  /** @param failed is told what a listener throws, or rejects with; the others are not called then. */
  constructor(private readonly failed: (error: unknown) => void) {}

  add(listener: TextListener): void {
    this.#listeners.push(listener);
    if (this.#listeners.length === 1) process.nextTick(() => this.#deliverEarly());
  }

  deliver(text: string): void {
    if (this.#listeners.length === 0 || this.#early.length > 0) this.#keep(text);
    else this.#call(text);
  }

  #keep(text: string): void {
    this.#early.push(text);
    this.#earlyCost += earlyCost(text);
    while (this.#earlyCost > MAX_EARLY_TEXT) this.#earlyCost -= earlyCost(this.#early.shift() ?? '');
  }

  #deliverEarly(): void {
    const early = this.#early;
    this.#early = [];
    this.#earlyCost = 0;
    for (const text of early) this.#call(text);
  }

  #call(text: string): void {
    try {
      for (const listener of [...this.#listeners]) {
        const outcome: unknown = listener(text);
        // A listener may well be an async function, whose failure nobody else would notice.
        if (outcome instanceof Promise) outcome.catch(this.failed);
      }
    } catch (error) {
      this.failed(error);
    }
  }
}

function earlyCost(text: string): number {
  return costOf(Buffer.byteLength(text));
}
