import type { Binding } from './binding.js';
import type { Run } from './runner.js';

/** An occurrence that is at work. */
export interface Running {
  readonly instant: number;
  readonly since: number;
  readonly abort: AbortController;
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
  /** By the id of their triggers, newest last. */
  readonly #bindings = new Map<string, Binding>();
  /** The newest binding, which is the one that is called. */
  #acting: Binding | undefined;
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
  /** Resolves once what is remembered is known. */
  opened: Promise<void> = Promise.resolve();

  constructor(readonly identity: string) {}

  get bindings(): ReadonlyMap<string, Binding> {
    return this.#bindings;
  }

  /** The binding that is called; undefined when there is none. */
  get acting(): Binding | undefined {
    return this.#acting;
  }

  /** @param binding has an id that is not bound here. It is the one that is called from now on. */
  bind(binding: Binding): void {
    this.#bindings.set(binding.id, binding);
    this.#acting = binding;
  }

  /** The one that was bound before it is called again. */
  release(bindingId: string): void {
    this.#bindings.delete(bindingId);
    if (this.#acting?.id === bindingId) this.#acting = [...this.#bindings.values()].at(-1);
  }
}
