import { InvocationError } from '../errors.js';
import type { Link, Outgoing } from '../link/link.js';
import type { OutgoingMessage } from '../link/message.js';
import { OfflineQueue } from './offline-queue.js';

/** What an outbox needs to know of its client. */
export interface OutboxContext {
  /** Why nothing will ever be sent again, if that is so. */
  refusal(functionId: string): Error | undefined;
  problem(message: string, error: unknown): void;
}

/** Takes messages to the engine, and keeps those for it that may wait while it cannot be reached. */
export class Outbox {
  readonly #queue = new OfflineQueue();

  constructor(
    private readonly link: Link,
    private readonly context: OutboxContext,
  ) {}

  /** @throws TypeError when the message has no JSON form. */
  prepare(message: OutgoingMessage): Outgoing {
    return this.link.prepare(message);
  }

  /** Sends now or never; what cannot be sent is reported. */
  sendNow(message: OutgoingMessage): void {
    try {
      this.link.send(this.link.prepare(message));
    } catch (error) {
      this.context.problem('Exception while sending message', error);
    }
  }

  /**
   * Sends, or keeps for when there is a connection; what cannot be kept is reported.
   *
   * @throws TypeError when the message has no JSON form.
   */
  send(message: OutgoingMessage): void {
    const outgoing = this.link.prepare(message);
    if (this.link.send(outgoing) || this.context.refusal('the engine') !== undefined) return;
    if (this.#queue.push(outgoing)) return;
    this.context.problem(`Dropped a ${message.type} message`, queueFull(undefined));
  }

  /**
   * Sends or keeps a call.
   *
   * @throws Error when it can be neither sent nor kept.
   */
  sendCall(outgoing: Outgoing, functionId: string, invocationId?: string): 'sent' | 'queued' {
    const refusal = this.context.refusal(functionId);
    if (refusal !== undefined) throw refusal;
    if (this.link.send(outgoing)) return 'sent';
    if (this.#queue.push(outgoing, invocationId)) return 'queued';
    throw queueFull(functionId);
  }

  /** Drops a call that is still kept. */
  drop(invocationId: string): void {
    this.#queue.remove(invocationId);
  }

  /** Sends what was kept, in order. @param sent told of every call among it. */
  flush(sent: (invocationId: string) => void): void {
    for (const { outgoing, invocationId } of this.#queue.drain()) {
      this.link.send(outgoing);
      if (invocationId !== undefined) sent(invocationId);
    }
  }

  clear(): void {
    this.#queue.clear();
  }
}

function queueFull(functionId: string | undefined): InvocationError {
  return new InvocationError({
    code: 'OFFLINE_QUEUE_FULL',
    message: 'there is no connection to the engine, and as much is waiting for one as may wait',
    function_id: functionId,
  });
}
