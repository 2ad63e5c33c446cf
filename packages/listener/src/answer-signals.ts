import type { ReportFault } from './fault.js';

const NOW = Promise.resolve();

/**
 * The two events of an answer, for both drivers. The outcome is told once, and never from within a call that the
 * owner made.
 */
export class AnswerSignals {
  readonly #report: ReportFault;
  #drained: Array<() => void> = [];
  #closed: Array<(completed: boolean) => void> = [];
  #outcome: boolean | undefined;

  constructor(report: ReportFault) {
    this.#report = report;
  }

  onDrained(listener: () => void): void {
    if (this.#outcome === undefined) this.#drained.push(listener);
  }

  /** A listener that comes late still hears the outcome. */
  onClosed(listener: (completed: boolean) => void): void {
    this.#closed.push(listener);
    if (this.#outcome !== undefined) this.#scheduleClosed();
  }

  drained(): void {
    for (const listener of this.#drained) this.#call(listener);
  }

  closed(completed: boolean): void {
    if (this.#outcome !== undefined) return;
    this.#outcome = completed;
    this.#drained = [];
    this.#scheduleClosed();
  }

  #scheduleClosed(): void {
    // As `queueMicrotask` does it, without the resource of its own that each of those costs. Nothing throws in there.
    void NOW.then(() => this.#tellClosed());
  }

  #tellClosed(): void {
    const listeners = this.#closed;
    this.#closed = [];
    for (const listener of listeners) this.#call(() => listener(this.#outcome === true));
  }

  #call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#report(error);
    }
  }
}
