import { isUtf8 } from 'node:buffer';
import { CodecError, type Frame, FrameDecoder, type Part } from 'iii-protocol';

/**
 * Bytes before the end of what has come that are not looked at yet: names, numbers and spaces are seldom longer, so that
 * hardly anything is cut where the reading stops.
 */
const MARGIN_BYTES = 4 * 1024;

/** Bytes there is room for at first: for more, as much has to have come. A worker may say that it sends any number. */
const FIRST_BYTES = 1024 * 1024;

/** A frame that comes in parts: put together, and read as far as it is there. */
export class Assembly {
  readonly decoder = new FrameDecoder();
  #text: Uint8Array;
  #arrived = 0;
  /** Not any more after something that cannot be told before all is there. */
  #isRead = true;

  constructor(
    private readonly bytes: number,
    private readonly marginBytes = MARGIN_BYTES,
  ) {
    this.#text = Buffer.allocUnsafeSlow(Math.min(bytes, FIRST_BYTES));
    this.decoder.begin(this.#text.subarray(0, 0));
  }

  /** What has come. */
  get text(): Uint8Array {
    return this.#text.subarray(0, this.#arrived);
  }

  get arrived(): number {
    return this.#arrived;
  }

  /** Bytes that have not come. */
  get rest(): number {
    return this.bytes - this.#arrived;
  }

  add({ bytes }: Part): void {
    if (this.#arrived + bytes.length > this.#text.length) {
      const whole = Buffer.allocUnsafeSlow(this.bytes);
      whole.set(this.text);
      this.#text = whole;
    }
    this.#text.set(bytes, this.#arrived);
    this.#arrived += bytes.length;
    if (this.#isRead && this.rest > 0) this.#isRead = this.#readOn();
  }

  /** What has come, all of it, as a frame; undefined where it has to be read from its beginning, or is none. */
  finish(): Frame | undefined {
    if (!this.#isRead || !isUtf8(this.text)) return undefined;
    return orUndefined(() => {
      this.decoder.extend(this.text);
      this.decoder.scan();
      return this.decoder.finish();
    });
  }

  #readOn(): boolean {
    const ahead = this.#arrived - this.marginBytes - this.decoder.scanned;
    if (ahead <= 0) return true;
    this.decoder.extend(this.text);
    // That there is a whole value before all has come, is for the one to judge who sees what else there is.
    return orUndefined(() => this.decoder.scan(ahead)) === false;
  }
}

function orUndefined<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
