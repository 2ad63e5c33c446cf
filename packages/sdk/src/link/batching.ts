import type { Duplex } from 'node:stream';
import { BATCH } from 'iii-protocol';

/** Connections with something to send, for the case that the process is told to exit before it has left. */
const corked = new Set<Batching>();

function releaseAll(): void {
  for (const each of corked) each.release();
}

/**
 * Lets what is sent while a piece of code runs reach the kernel as one: by itself, every message is a system call of its
 * own, which is most of what a short call costs.
 *
 * No more of them than {@link BATCH} says leave as one. With all that a program has to say in one piece, it, the engine and
 * the worker would take turns; this way the engine has work while the program goes on.
 */
export class Batching {
  #isCorked = false;
  #messages = 0;
  /** What is to leave as one message. Nothing was sent since. */
  #texts: string[] = [];

  /** @param send called with texts that are to leave as one message, at least one. */
  constructor(
    private readonly tcp: Duplex,
    private readonly send: (texts: readonly string[]) => void,
  ) {}

  /**
   * To be called before each message. It leaves once the code that runs now, and promises it settles, have run, or when
   * {@link BATCH} says that enough have come together.
   */
  begin(): void {
    this.#count();
    this.#sendTexts();
  }

  /** As {@link begin}, of a message that may leave together with others of its kind, as one. */
  join(text: string): void {
    this.#count();
    this.#texts.push(text);
  }

  /** Gives the kernel what there is. */
  readonly release = (): void => {
    if (!this.#isCorked) return;
    this.#sendTexts();
    this.#isCorked = false;
    corked.delete(this);
    if (corked.size === 0) process.off('exit', releaseAll);
    this.tcp.uncork();
  };

  #count(): void {
    if (!this.#isCorked) this.#hold();
    else if (this.#messages === BATCH.frames) this.#letGo();
    this.#messages++;
  }

  #hold(): void {
    this.#isCorked = true;
    this.#messages = 0;
    this.tcp.cork();
    if (corked.size === 0) process.on('exit', releaseAll);
    corked.add(this);
    process.nextTick(this.release);
  }

  #letGo(): void {
    this.#sendTexts();
    this.#messages = 0;
    this.tcp.uncork();
    this.tcp.cork();
  }

  #sendTexts(): void {
    if (this.#texts.length === 0) return;
    const texts = this.#texts;
    this.#texts = [];
    this.send(texts);
  }
}
