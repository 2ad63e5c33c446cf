import { once } from 'node:events';
import type net from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Draw } from './random.js';

/** What a direction of a connection suffers. Nothing of it by default. */
export interface Conditions {
  /** Milliseconds before each write, at most; drawn anew for every one. */
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
  /** Largest write in bytes. Slices of 1 show a receiver every boundary there is. */
  readonly sliceBytes?: number;
}

/** One direction of a proxied connection: reads from one socket, writes to the other, as badly as it is told to. */
export class FaultyPipe {
  /** Bytes passed on so far. */
  passed = 0;
  #conditions: Conditions = {};
  #release: (() => void) | undefined;
  #held: Promise<void> | undefined;
  #cut: { readonly atByte: number; readonly now: () => void } | undefined;
  #isOver = false;

  constructor(
    private readonly source: net.Socket,
    private readonly sink: net.Socket,
    private readonly random: Draw,
  ) {}

  shape(conditions: Conditions): void {
    this.#conditions = conditions;
  }

  /** Stops reading: what is sent piles up at the sender, as with a receiver that hangs. */
  hold(): void {
    this.#held ??= new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  resume(): void {
    this.#release?.();
    this.#held = undefined;
    this.#release = undefined;
  }

  /** Passes on exactly so many bytes in all, then runs `now`. */
  cutAt(atByte: number, now: () => void): void {
    this.#cut = { atByte, now };
    if (this.passed >= atByte) now();
  }

  /** Nothing is passed on any more; what comes is swallowed. */
  stop(): void {
    this.#isOver = true;
    this.resume();
  }

  /** Runs until the source ends. */
  async run(): Promise<void> {
    try {
      for await (const chunk of this.source.iterator({ destroyOnReturn: false })) {
        await this.#pass(chunk as Buffer);
      }
      if (!this.#isOver) this.sink.end();
    } catch {
      // The source was reset, and its owner hears of that by itself.
    }
  }

  async #pass(chunk: Buffer): Promise<void> {
    let at = 0;
    while (at < chunk.length && !this.#isOver) {
      while (this.#held !== undefined) await this.#held;
      const { delayMs = 0, bytesPerSecond = 0, sliceBytes = chunk.length } = this.#conditions;
      const left = (this.#cut?.atByte ?? Number.POSITIVE_INFINITY) - this.passed;
      const slice = chunk.subarray(at, at + Math.min(sliceBytes, left));
      if (delayMs > 0) await pause(this.random(delayMs + 1));
      if (this.#isOver) return;
      await this.#write(slice);
      at += slice.length;
      this.passed += slice.length;
      if (bytesPerSecond > 0) await pause((slice.length / bytesPerSecond) * 1_000);
      if (this.#cut !== undefined && this.passed >= this.#cut.atByte) {
        this.#cut.now();
        return;
      }
    }
  }

  async #write(slice: Buffer): Promise<void> {
    if (this.sink.destroyed || this.sink.write(slice)) return;
    const over = new AbortController();
    const ended = once(this.sink, 'close', { signal: over.signal });
    const drained = once(this.sink, 'drain', { signal: over.signal });
    try {
      await Promise.race([ended, drained]);
    } finally {
      over.abort();
      await Promise.allSettled([ended, drained]);
    }
  }
}
