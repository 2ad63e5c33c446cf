import type { Duplex } from 'node:stream';

/** Connections with something to send, for the case that the process is told to exit before it has left. */
const corked = new Set<Batching>();

function releaseAll(): void {
  for (const each of corked) each.release();
}

/**
 * Lets what is sent while a piece of code runs reach the kernel as one: by itself, every message is a system call of its
 * own, which is most of what a short call costs.
 */
export class Batching {
  #isCorked = false;

  constructor(private readonly tcp: Duplex) {}

  /** To be called before each message. It leaves once the code that runs now, and promises it settles, have run. */
  begin(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.tcp.cork();
    if (corked.size === 0) process.on('exit', releaseAll);
    corked.add(this);
    process.nextTick(this.release);
  }

  /** Gives the kernel what there is. */
  readonly release = (): void => {
    if (!this.#isCorked) return;
    this.#isCorked = false;
    corked.delete(this);
    if (corked.size === 0) process.off('exit', releaseAll);
    this.tcp.uncork();
  };
}
