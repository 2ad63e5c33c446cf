import type { RawJson } from 'iii-protocol';

/** What keeping a message takes beside its text, roughly. */
const OVERHEAD_BYTES = 128;

/** A published message on its way to its subscribers, who share it. */
export class Message {
  readonly bytes: number;
  /** Subscribers it still waits for. */
  holders = 0;

  constructor(
    readonly topic: string,
    readonly data: RawJson,
  ) {
    this.bytes = data.length + OVERHEAD_BYTES;
  }
}

/** What may wait in all queues together; a message that waits for many is there once. */
export class MessageBudget {
  #bytes = 0;

  constructor(private readonly maxBytes: () => number) {}

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there was room for one more holder of the message. */
  hold(message: Message): boolean {
    if (message.holders === 0) {
      // The first message always fits, or one larger than the budget never would.
      if (this.#bytes > 0 && this.#bytes + message.bytes > this.maxBytes()) return false;
      this.#bytes += message.bytes;
    }
    message.holders++;
    return true;
  }

  release(message: Message): void {
    message.holders--;
    if (message.holders === 0) this.#bytes -= message.bytes;
  }
}
