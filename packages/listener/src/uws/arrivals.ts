import type { Turn } from '../turn.js';

/** Who a message is for. */
export interface Recipient {
  deliver(data: Uint8Array, isBinary: boolean): void;
}

interface Arrival {
  readonly recipient: Recipient;
  readonly data: Uint8Array;
  readonly isBinary: boolean;
}

/** What may wait for the end of a turn; the library reads up to 512 KiB from each socket in one. */
const MAX_BYTES = 1024 * 1024;

/**
 * Messages of all sockets of a port, in the order they came in, handed over together once all sockets were read. The
 * library calls back, and Node runs microtasks, for every single message: what its owner does for each, such as
 * writing to a disk, could not be done for many at a time.
 */
export class Arrivals {
  readonly #turn: Turn;
  readonly #waiting: Arrival[] = [];
  #next = 0;
  #bytes = 0;
  #isScheduled = false;

  constructor(turn: Turn) {
    this.#turn = turn;
  }

  /** @param recipient must not throw. */
  add(recipient: Recipient, data: Uint8Array, isBinary: boolean): void {
    this.#waiting.push({ recipient, data, isBinary });
    this.#bytes += data.byteLength;
    if (this.#bytes > MAX_BYTES) this.handOver();
    else if (!this.#isScheduled) {
      this.#isScheduled = true;
      setImmediate(this.#end);
      // Answers that are there when the messages have been handed over, leave in the same turn.
      this.#turn.expect();
    }
  }

  /** Hands over what waits. May be called while it does so: what is left is handed over in order. */
  handOver(): void {
    const waiting = this.#waiting;
    for (let arrival = waiting[this.#next]; arrival !== undefined; arrival = waiting[this.#next]) {
      this.#next += 1;
      arrival.recipient.deliver(arrival.data, arrival.isBinary);
    }
    waiting.length = 0;
    this.#next = 0;
    this.#bytes = 0;
  }

  readonly #end = (): void => {
    this.#isScheduled = false;
    this.handOver();
  };
}
