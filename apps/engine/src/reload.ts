import path from 'node:path';
import { type Clock, type Log, systemClock } from 'iii-protocol';
import { ConfigFileError } from './config/config-file-error.js';
import { readText } from './config/load.js';
import { planFrom } from './config/plan.js';
import type { House } from './house.js';
import { DirectoryWatch } from './watch.js';

export interface ReloadOptions {
  readonly house: Pick<House, 'apply' | 'refuse'>;
  readonly file: string;
  /** The text that what runs was started from; undefined when there was no file. */
  readonly text: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly log: Log;
  readonly clock?: Clock;
}

/** What was found where the configuration should be. */
type Found =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable'; readonly text: string };

/** Keeps what runs as the configuration file says, whenever that changes (§4.8). */
export class Reload {
  readonly #watch: DirectoryWatch;
  /** What was found last, whether or not it could be used. */
  #found: Found;
  /** One reload at a time. */
  #turn: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(private readonly options: ReloadOptions) {
    const { file, text, log, clock = systemClock } = options;
    this.#found = text === undefined ? { kind: 'nothing' } : { kind: 'text', text };
    this.#watch = new DirectoryWatch(file, { clock, log, stirred: () => void this.#look(false) });
    log.info({}, `reload: watching ${file} for changes`);
    // It may have changed after it was read and before it was watched.
    void this.#look(false);
  }

  /** Reads the file at once, and makes another attempt even if it is as it was. */
  now(): Promise<void> {
    return this.#look(true);
  }

  /** Stops watching at once; resolves when a reload that is under way is over. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#watch.close();
    return this.#turn;
  }

  #look(isAsked: boolean): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      if (this.#isClosed) return;
      const found = find(this.options.file);
      if (!isAsked && found.kind === this.#found.kind && textOf(found) === textOf(this.#found)) return;
      this.#found = found;
      try {
        await this.#take(found);
      } catch (error) {
        this.#refuse(error);
      }
    });
    return this.#turn;
  }

  async #take(found: Found): Promise<void> {
    const { house, file, env, version, log } = this.options;
    if (found.kind === 'nothing') {
      log.warn({}, `reload: ${file} is gone. Everything runs on; the file is read when it is back.`);
      return;
    }
    log.info({}, `reload: config changed, reloading from ${file}`);
    if (found.kind === 'unreadable') throw new Error(found.text);
    const { failed } = await house.apply(planFrom(found.text, file, env, version));
    // The end of the engine comes before what is left of a change.
    if (this.#isClosed) return;
    if (failed === 0) log.info({}, 'reload: success');
    else log.warn({}, `reload: incomplete, ${failed} failed. Change ${file}, or send SIGHUP to try again.`);
  }

  /** What is wrong goes to the log in full. Others learn the place alone: a message may show what is in the file. */
  #refuse(error: unknown): void {
    const { house, file, log } = this.options;
    const message = error instanceof Error ? error.message : String(error);
    log.error({}, `reload: refused, everything runs as before: ${message.replaceAll('\n', '; ')}`);
    const line = error instanceof ConfigFileError ? error.problems[0]?.line : undefined;
    const place = `${path.basename(file)}${line === undefined ? '' : `:${line}`}`;
    house.refuse(`${place}: the changed configuration was refused, see the log`);
  }
}

function find(file: string): Found {
  try {
    const text = readText(file);
    return text === undefined ? { kind: 'nothing' } : { kind: 'text', text };
  } catch (error) {
    return { kind: 'unreadable', text: error instanceof Error ? error.message : String(error) };
  }
}

function textOf(found: Found): string {
  return found.kind === 'nothing' ? '' : found.text;
}
