import { type FSWatcher, watch } from 'node:fs';
import path from 'node:path';
import type { Clock, Log, Timer } from 'iii-protocol';

export interface WatchOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Something happened in the directory of the file; called at most every {@link DEBOUNCE_MS}. */
  readonly stirred: () => void;
}

/** Milliseconds of quiet after which a burst of events counts as over (§4.8). */
export const DEBOUNCE_MS = 500;
/** Milliseconds after which a burst is looked at although it goes on. */
export const LONGEST_BURST_MS = 2_500;

/** *quiet* → *stirring* (events came, and others may follow) → *quiet*, until it is *closed*. */
type State =
  | { readonly kind: 'quiet' }
  | { readonly kind: 'stirring'; readonly sinceMs: number; readonly timer: Timer }
  | { readonly kind: 'closed' };

/**
 * Hears that a file may have changed. The directory is watched rather than the file, so that a file that is replaced
 * by renaming, swapped as a symbolic link, deleted or made anew is not lost sight of.
 */
export class DirectoryWatch {
  readonly #watcher: FSWatcher | undefined;
  #state: State = { kind: 'quiet' };

  constructor(
    file: string,
    private readonly options: WatchOptions,
  ) {
    const directory = path.dirname(path.resolve(file));
    try {
      this.#watcher = watch(directory, () => this.#event());
      this.#watcher.on('error', (error) => this.#failed(directory, error));
    } catch (error) {
      this.#failed(directory, error);
    }
  }

  close(): void {
    if (this.#state.kind === 'stirring') this.options.clock.clearTimeout(this.#state.timer);
    this.#state = { kind: 'closed' };
    this.#watcher?.close();
  }

  #event(): void {
    if (this.#state.kind === 'closed') return;
    const { clock, stirred } = this.options;
    const nowMs = clock.monotonic();
    const sinceMs = this.#state.kind === 'stirring' ? this.#state.sinceMs : nowMs;
    if (this.#state.kind === 'stirring') clock.clearTimeout(this.#state.timer);
    const timer = clock.setTimeout(
      () => {
        this.#state = { kind: 'quiet' };
        stirred();
      },
      Math.min(DEBOUNCE_MS, sinceMs + LONGEST_BURST_MS - nowMs),
    );
    this.#state = { kind: 'stirring', sinceMs, timer };
  }

  #failed(directory: string, error: unknown): void {
    this.options.log.warn(
      { err: error },
      `reload: ${directory} cannot be watched. Send SIGHUP after a change of the configuration.`,
    );
  }
}
