import type { Dispatcher, Reading } from '../dispatcher.js';
import type { Session } from './session.js';

/** Bytes of the longest message that is read in one go; what others wait meanwhile is less than a millisecond. */
export const LONG_MESSAGE_BYTES = 128 * 1024;
/** Bytes that may wait behind a long message. Beyond that the connection is read as fast as possible. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024;

interface Waiting {
  readonly message: Uint8Array;
  readonly isBinary: boolean;
}

/**
 * What comes on one connection, in its order. A long message is read in steps, with turns of the event loop between
 * them in which others are served; what comes behind it on the same connection waits.
 */
export class Intake {
  #reading: Reading | undefined;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isScheduled = false;

  /** @param failed hears of a defect that comes to light between two turns, where nobody else would. */
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly session: Session,
    private readonly failed: (error: unknown) => void,
  ) {}

  take(message: Uint8Array, isBinary: boolean): void {
    if (this.#reading !== undefined) {
      this.#waiting.push({ message, isBinary });
      this.#waitingBytes += message.length;
      if (this.#waitingBytes > MAX_WAITING_BYTES) this.finish();
    } else if (message.length <= LONG_MESSAGE_BYTES) {
      this.dispatcher.receive(this.session, message, isBinary);
    } else {
      this.#reading = this.dispatcher.receiveInSteps(this.session, message, isBinary);
      if (this.#reading !== undefined) this.#schedule();
    }
  }

  /** Reads all there is, now: nothing more will come, or too much has. */
  finish(): void {
    while (this.#reading !== undefined) {
      this.#reading.advance(Number.POSITIVE_INFINITY);
      this.#goOn();
    }
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#step);
  }

  readonly #step = (): void => {
    this.#isScheduled = false;
    if (this.#reading === undefined) return;
    try {
      if (this.#reading.advance(LONG_MESSAGE_BYTES)) this.#goOn();
      else this.#schedule();
    } catch (error) {
      this.#reading = undefined;
      this.failed(error);
    }
  };

  /** A long message has been read: so is what has waited behind it, up to the next long one. */
  #goOn(): void {
    this.#reading = undefined;
    const waiting = this.#waiting.splice(0);
    this.#waitingBytes = 0;
    for (const { message, isBinary } of waiting) this.take(message, isBinary);
  }
}
