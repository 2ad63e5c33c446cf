/** Bytes of memory that is taken at once. */
const SLAB_BYTES = 64 * 1024;
/** What is longer gets memory of its own, so that little of a slab is left unused. */
const LONGEST = SLAB_BYTES / 8;

/**
 * Memory for what is written and kept until the data file has it. Node takes short buffers from pieces that whatever is
 * made meanwhile has a part in: a record that is kept would keep the frames it came in and was answered with, many times
 * its size.
 */
export class Slab {
  #memory = new ArrayBuffer(0);
  #used = 0;

  /** What is in it is not set. */
  take(length: number): Buffer {
    if (length > LONGEST) return Buffer.allocUnsafeSlow(length);
    if (this.#used + length > this.#memory.byteLength) {
      this.#memory = Buffer.allocUnsafeSlow(SLAB_BYTES).buffer;
      this.#used = 0;
    }
    const taken = Buffer.from(this.#memory, this.#used, length);
    this.#used += length;
    return taken;
  }
}
