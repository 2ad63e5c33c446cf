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
  #waiting: Waiting[] = [];
  #bytes = 0;

  constructor(
    private readonly limits: { readonly messages: number; readonly bytes: number } = OFFLINE_LIMITS,
  ) {}

  get size(): number {
    return this.#waiting.length;
  }

  /** False when there is no room. */
  push(outgoing: Outgoing, invocationId?: string): boolean {
    if (this.#waiting.length >= this.limits.messages) return false;
    if (this.#bytes + outgoing.size > this.limits.bytes) return false;
    this.#waiting.push({ outgoing, invocationId });
    this.#bytes += outgoing.size;
    return true;
  }

  /** Hands everything out in order and is empty. */
  drain(): readonly Waiting[] {
    const waiting = this.#waiting;
    this.clear();
    return waiting;
  }

  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
  }
}
