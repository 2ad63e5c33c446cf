import { faultOfPart, isBatch, type Part, readBatch, readPart } from 'iii-protocol';
import type { Dispatcher, Reading } from '../dispatcher.js';
import { Assembly } from './assembly.js';
import type { Session } from './session.js';

/** Bytes of the longest message that is read in one go; what others wait meanwhile is less than a millisecond. */
export const LONG_MESSAGE_BYTES = 128 * 1024;
/** Bytes that may wait behind a long message. Beyond that the connection is read as fast as possible. */
export const MAX_WAITING_BYTES = 1024 * 1024;
/** Messages, the same: each costs more than its bytes. */
export const MAX_WAITING_MESSAGES = 256;
/** Bytes of all connections that may be kept to be read in steps. What is beyond is read in one go. */
export const MAX_KEPT_BYTES = 64 * 1024 * 1024;

/** What all connections of an engine keep of what has come, because it is being read in steps. */
export class KeptBytes {
  #total = 0;

  get total(): number {
    return this.#total;
  }

  change(bytes: number): void {
    this.#total += bytes;
  }
}

interface Waiting {
  readonly message: Uint8Array;
  readonly isBinary: boolean;
}

/**
 * What comes on one connection, in its order. A long message is read in steps, with turns of the event loop between
 * them in which others are served; what comes behind it on the same connection waits. How much is kept for that is
 * bounded, for each connection and for all: where it is more, reading in one go is what holds the senders back.
 */
export class Intake {
  #reading: { readonly of: Reading; readonly bytes: number } | undefined;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #isScheduled = false;
  /** Of a frame that comes in parts. Nothing is read in steps or waits meanwhile. */
  #assembly: Assembly | undefined;

  /**
   * @param failed hears of a defect that comes to light between two turns, where nobody else would.
   * @param waitTurn what comes is not to be read before others have had their turn.
   */
  constructor(
    private readonly dispatcher: Dispatcher,
    private readonly session: Session,
    private readonly kept: KeptBytes,
    private readonly failed: (error: unknown) => void,
    private readonly waitTurn: () => void = () => {},
  ) {}

  take(message: Uint8Array, isBinary: boolean): void {
    if (!isBinary && isBatch(message) && this.session.uses('batch')) this.#takeBatch(message);
    else this.#take(message, isBinary);
  }

  #takeBatch(message: Uint8Array): void {
    const fault = readBatch(message, (start, end) => this.#take(message.subarray(start, end), false));
    if (fault !== undefined && this.session.isOpen) this.#violated(1002, fault);
  }

  #take(message: Uint8Array, isBinary: boolean): void {
    const part = isBinary ? readPart(message) : undefined;
    if (part !== undefined) {
      this.#takePart(part);
      return;
    }
    if (this.#assembly !== undefined) {
      this.#takeAmidParts(this.#assembly.rest);
      return;
    }
    if (this.#reading === undefined) {
      this.#read({ message, isBinary });
      return;
    }
    this.#waiting.push({ message, isBinary });
    this.#keep(message.length);
    const isTooMuch =
      this.#waiting.length > MAX_WAITING_MESSAGES ||
      this.#waitingBytes > MAX_WAITING_BYTES ||
      this.kept.total > MAX_KEPT_BYTES;
    if (isTooMuch) this.finish();
  }

  /** Nothing more will come: reads all there is, now. What has not come whole does not count. */
  close(): void {
    this.#dropAssembly();
    this.finish();
  }

  /** Reads all there is, now. */
  finish(): void {
    try {
      while (this.#reading !== undefined) {
        this.#reading.of.advance(Number.POSITIVE_INFINITY);
        this.#goOn();
      }
    } catch (error) {
      this.#drop();
      throw error;
    }
  }

  #takePart(part: Part): void {
    const { dispatcher, session } = this;
    // A worker that was dropped may have sent more before it heard of it.
    if (!session.isOpen) return;
    const fault = faultOfPart(part, this.#assembly?.rest);
    if (fault !== undefined) {
      this.#violated(1002, fault);
      return;
    }
    if (part.rest > dispatcher.maxMessageBytes) {
      this.#violated(1009, `a frame of ${part.rest} bytes, where ${dispatcher.maxMessageBytes} may come`);
      return;
    }
    if (this.#assembly === undefined) {
      this.finish();
      if (!dispatcher.mayBegin(session)) return;
      this.#assembly = new Assembly(part.rest);
    }
    const assembly = this.#assembly;
    assembly.add(part);
    this.kept.change(part.bytes.length);
    this.waitTurn();
    if (assembly.rest > 0) return;
    this.#dropAssembly();
    const frame = assembly.finish();
    if (frame === undefined) this.#read({ message: assembly.text, isBinary: true });
    else dispatcher.deliver(session, frame, assembly.text, assembly.decoder);
  }

  #takeAmidParts(rest: number): void {
    // It may have been dropped already, and not have heard of it.
    if (!this.session.isOpen) return;
    this.#violated(1002, `something else came where ${rest} bytes of a frame in parts were left`);
  }

  #violated(code: number, reason: string): void {
    this.#dropAssembly();
    this.dispatcher.drop(this.session, code, reason);
  }

  #dropAssembly(): void {
    this.kept.change(-(this.#assembly?.arrived ?? 0));
    this.#assembly = undefined;
  }

  /** Begins with a message; a short one is done with at once. */
  #read({ message, isBinary }: Waiting): void {
    const bytes = message.length;
    if (bytes <= LONG_MESSAGE_BYTES || this.kept.total + bytes > MAX_KEPT_BYTES) {
      this.dispatcher.receive(this.session, message, isBinary);
      return;
    }
    const reading = this.dispatcher.receiveInSteps(this.session, message, isBinary);
    if (reading === undefined) return;
    this.#reading = { of: reading, bytes };
    this.kept.change(bytes);
    this.#schedule();
  }

  #keep(bytes: number): void {
    this.#waitingBytes += bytes;
    this.kept.change(bytes);
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
      if (this.#reading.of.advance(LONG_MESSAGE_BYTES)) this.#goOn();
      else this.#schedule();
    } catch (error) {
      this.#drop();
      this.failed(error);
    }
  };

  /** A long message has been read: so is what has waited behind it, up to the next long one. */
  #goOn(): void {
    this.#release();
    let read = 0;
    while (this.#reading === undefined) {
      const next = this.#waiting[read];
      if (next === undefined) break;
      read++;
      this.#keep(-next.message.length);
      this.#read(next);
    }
    this.#waiting = this.#waiting.slice(read);
  }

  #release(): void {
    this.kept.change(-(this.#reading?.bytes ?? 0));
    this.#reading = undefined;
  }

  #drop(): void {
    this.#release();
    this.#keep(-this.#waitingBytes);
    this.#waiting = [];
  }
}
