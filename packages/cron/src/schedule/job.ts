import type { Binding } from './binding.js';
import type { Interruption } from './interruption.js';
import type { Run } from './runner.js';

/** An occurrence that is at work. */
export interface Running {
  readonly instant: number;
  readonly since: number;
  readonly interruption: Interruption;
  /** Occurrences that were skipped because of it. */
  skipped: number;
  /** Resolves when it is over. */
  readonly over: Promise<void>;
}

export interface LastRun extends Run {
  readonly instant: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

/**
 * One schedule: what triggers with one identity have in common. It is here while it has a binding or is at work, so that
 * one that is bound again meanwhile knows it.
 */
export class Job {
  /** Newest last: that one is called. Replaced and not changed: nearly always it is one. */
  #bindings: readonly Binding[] = [];
  /** The last instant there is nothing more to be done about; undefined until what is remembered is known. */
  last: number | undefined;
  /** What it waits for. */
  planned: { readonly instant: number; readonly at: number } | undefined;
  /** When the one before it was to begin: jitter puts nothing in front of what it follows. */
  lastAt = Number.NEGATIVE_INFINITY;
  isPaused = false;
  running: Running | undefined;
  lastRun: LastRun | undefined;
  /** Occurrences that wait for the one that is at work. */
  readonly queue: number[] = [];
  /** Occurrences that came while another was at work, and were not had. */
  skipped = 0;
  /** Times at which occurrences were found to have passed with nobody there. */
  missed = 0;
  failed = 0;
  /** Resolves once what is remembered is known; undefined when it is. */
  opened: Promise<void> | undefined;

  constructor(readonly identity: string) {}

  /** How many triggers are this schedule. */
  get size(): number {
    return this.#bindings.length;
  }

  /** The binding that is called; undefined when there is none. */
  get acting(): Binding | undefined {
    return this.#bindings[this.#bindings.length - 1];
  }

  bindingOf(bindingId: string): Binding | undefined {
    return this.#bindings.find(({ id }) => id === bindingId);
  }

  /** @param binding has an id that is not bound here. It is the one that is called from now on. */
  bind(binding: Binding): void {
    this.#bindings = [...this.#bindings, binding];
  }

  /** The one that was bound before it is called again. Does nothing when there is none of this id. */
  release(bindingId: string): void {
    this.#bindings = this.#bindings.filter(({ id }) => id !== bindingId);
  }
}
