import type { Outgoing } from '../link/link.js';

/** Bounds of what waits while there is no connection. */
export const OFFLINE_LIMITS = { messages: 10_000, bytes: 64 * 1024 * 1024 } as const;

interface Waiting {
  readonly outgoing: Outgoing;
  /** Set for calls somebody waits for; they are not worth sending once nobody does. */
  readonly invocationId: string | undefined;
}

/** Messages for an engine that cannot be reached right now, oldest first. */
export class OfflineQueue {
  #waiting = new Map<string | symbol, Waiting>();
  #bytes = 0;

  constructor(
    private readonly limits: { readonly messages: number; readonly bytes: number } = OFFLINE_LIMITS,
  ) {}

  get size(): number {
    return this.#waiting.size;
  }

  /** False when there is no room. */
  push(outgoing: Outgoing, invocationId?: string): boolean {
    if (this.#waiting.size >= this.limits.messages) return false;
    if (this.#bytes + outgoing.size > this.limits.bytes) return false;
    this.#waiting.set(invocationId ?? Symbol('message'), { outgoing, invocationId });
    this.#bytes += outgoing.size;
    return true;
  }

  /** Takes out a call nobody waits for any more. */
  remove(invocationId: string): void {
    const found = this.#waiting.get(invocationId);
    if (found === undefined) return;
    this.#waiting.delete(invocationId);
    this.#bytes -= found.outgoing.size;
  }

  /** Hands everything out in order and is empty. */
  drain(): readonly Waiting[] {
    const waiting = [...this.#waiting.values()];
    this.clear();
    return waiting;
  }

  clear(): void {
    this.#waiting.clear();
    this.#bytes = 0;
  }
}
