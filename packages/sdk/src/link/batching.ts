import type { Duplex } from 'node:stream';

/** Connections with something to send, for the case that the process is told to exit before it has left. */
const corked = new Set<Batching>();

function releaseAll(): void {
  for (const each of corked) each.release();
}

/**
 * Messages that leave as one. With all that a program has to say in one piece, it, the engine and the worker would take
 * turns; this way the engine has work while the program goes on.
 */
const MOST = 16;

/**
 * Lets what is sent while a piece of code runs reach the kernel as one: by itself, every message is a system call of its
 * own, which is most of what a short call costs.
 */
export class Batching {
  #isCorked = false;
  #messages = 0;

  constructor(private readonly tcp: Duplex) {}

  /**
   * To be called before each message. It leaves once the code that runs now, and promises it settles, have run, or when
   * {@link MOST} have come together.
   */
  begin(): void {
    if (!this.#isCorked) this.#hold();
    else if (this.#messages === MOST) this.#letGo();
    this.#messages++;
  }

  /** Gives the kernel what there is. */
  readonly release = (): void => {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    corked.delete(this);
    if (corked.size === 0) process.off('exit', releaseAll);
    this.tcp.uncork();
  };
  #hold(): void {
    this.#isCorked = true;
    this.#messages = 0;
    this.tcp.cork();
    if (corked.size === 0) process.on('exit', releaseAll);
    corked.add(this);
    process.nextTick(this.release);
  }

  #letGo(): void {
    this.#messages = 0;
    this.tcp.uncork();
    this.tcp.cork();
  }
}
