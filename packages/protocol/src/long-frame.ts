import { PART_BYTES, PART_HEAD_BYTES, writePartHead } from './parts.js';
import { allocate, writeWhatFits } from './utf8.js';

/**
 * A frame that is too long for one message, as bytes in pieces of which none ends within a character.
 *
 * It is made bytes while it is spelled, so that neither a long text nor all that it is made of is there at once.
 */
export class LongFrame {
  /** Each with room for the head of a part. */
  readonly #messages: Uint8Array[] = [];
  #message = room();
  #filled = PART_HEAD_BYTES;
  #size = 0;

  /** Bytes of all that was added. */
  get size(): number {
    return this.#size;
  }

  /** What is spelled next. */
  add(text: string): void {
    for (let done = 0; done < text.length; ) {
      // Of a character that is cut by this, the half is not written: there is no room left for it.
      const next = text.slice(done, done + PART_BYTES);
      const { read, written } = writeWhatFits(this.#message.subarray(this.#filled), next);
      done += read;
      this.#filled += written;
      this.#size += written;
      if (read === 0) this.#begin();
    }
  }

  /**
   * The messages it is sent in where the peer takes parts: nothing else may be sent between them. The peer can deal with each
   * as it comes, and with what others send in between; of a message it has to wait for the end.
   */
  inParts(): readonly Uint8Array[] {
    let rest = this.#size;
    return this.#all().map((message) => {
      writePartHead(message, rest);
      rest -= message.length - PART_HEAD_BYTES;
      return message;
    });
  }

  /** What it is, for a peer that takes no parts. */
  inFragments(): readonly Uint8Array[] {
    return this.#all().map((message) => message.subarray(PART_HEAD_BYTES));
  }

  #all(): readonly Uint8Array[] {
    return [...this.#messages, this.#message.subarray(0, this.#filled)];
  }

  #begin(): void {
    this.#messages.push(this.#message.subarray(0, this.#filled));
    this.#message = room();
    this.#filled = PART_HEAD_BYTES;
  }
}

function room(): Uint8Array {
  return allocate(PART_HEAD_BYTES + PART_BYTES);
}
