import { HubError } from './errors.js';
import { costOfItem, type Form } from './item.js';
import type { ItemQueue } from './item-queue.js';
import type { SpoolBudget } from './spool-budget.js';
import type { SpoolFile, SpoolFiles } from './spool-files.js';

/** Space is given back by whole files, so that a reader that stays behind does not make one grow forever. */
const SEGMENT_BYTES = 64 * 1024 * 1024;
const READ_BYTES = 256 * 1024;
/** The form of an item and its length. */
const HEADER_BYTES = 5;

const FORMS: readonly Form[] = ['binary', 'text', 'marked'];

interface Segment {
  readonly file: SpoolFile;
  size: number;
  read: number;
}

/** Items that wait on disk, first come first served. Every method that throws leaves it fit only for `close`. */
export class Spool {
  #segments: Segment[] = [];
  #unread = 0;

  constructor(
    private readonly files: SpoolFiles,
    private readonly budget: SpoolBudget,
    private readonly segmentBytes = SEGMENT_BYTES,
  ) {}

  /** Bytes that were not read back, with what it takes to keep items apart. */
  get unread(): number {
    return this.#unread;
  }

  /** @throws HubError `spool_full`, `disk_full`, `spool_failed`. */
  append(data: Uint8Array, form: Form): void {
    guarded(() => {
      const segment = this.#tail();
      const bytes = HEADER_BYTES + data.byteLength;
      this.budget.take(bytes);
      segment.size += bytes;
      this.#unread += bytes;
      const header = Buffer.allocUnsafe(HEADER_BYTES);
      header.writeUInt8(FORMS.indexOf(form), 0);
      header.writeUInt32LE(data.byteLength, 1);
      segment.file.write([header, data], segment.size - bytes);
    });
  }

  /**
   * Moves items to the queue until it holds `cost`, or the chunk read for it ends; at least one, if there is one.
   * @throws HubError `spool_failed`.
   */
  load(queue: ItemQueue, cost: number): void {
    guarded(() => {
      const segment = this.#segments[0];
      if (segment === undefined || this.#unread === 0) return;
      let chunk = this.#read(segment, READ_BYTES);
      const first = HEADER_BYTES + chunk.readUInt32LE(1);
      if (first > chunk.byteLength) chunk = this.#read(segment, first);
      const used = moveItems(chunk, queue, cost);
      segment.read += used;
      this.#unread -= used;
      if (segment.read === segment.size) this.#recycle(segment);
    });
  }

  /** Gives everything back. */
  close(): void {
    for (const { file, size } of this.#segments) {
      file.close();
      this.budget.giveBack(size);
    }
    this.#segments = [];
    this.#unread = 0;
  }

  #tail(): Segment {
    const last = this.#segments.at(-1);
    if (last !== undefined && last.size < this.segmentBytes) return last;
    const segment = { file: this.files.open(), size: 0, read: 0 };
    this.#segments.push(segment);
    return segment;
  }

  #read(segment: Segment, bytes: number): Buffer {
    const chunk = Buffer.allocUnsafeSlow(Math.min(bytes, segment.size - segment.read));
    segment.file.read(chunk, segment.read);
    return chunk;
  }

  /** A file of which everything was read: the last one is used again. */
  #recycle(segment: Segment): void {
    const { file, size } = segment;
    if (this.#segments.length === 1) {
      file.clear();
      segment.size = 0;
      segment.read = 0;
    } else {
      this.#segments.shift();
      file.close();
    }
    this.budget.giveBack(size);
  }
}

/** Returns how many bytes of the chunk were whole items that are in the queue now. */
function moveItems(chunk: Buffer, queue: ItemQueue, cost: number): number {
  let offset = 0;
  while (offset + HEADER_BYTES <= chunk.byteLength && (offset === 0 || queue.cost < cost)) {
    const start = offset + HEADER_BYTES;
    const end = start + chunk.readUInt32LE(offset + 1);
    if (end > chunk.byteLength) break;
    const form = FORMS[chunk.readUInt8(offset)] ?? 'binary';
    const data = chunk.subarray(start, end);
    queue.push(data, form, costOfItem(data, form));
    offset = end;
  }
  return offset;
}

/** Tells what the operating system says in the words of the table. */
function guarded(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof HubError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const isFull = code === 'ENOSPC' || code === 'EDQUOT';
    throw new HubError(isFull ? 'disk_full' : 'spool_failed', message, { cause: error });
  }
}
