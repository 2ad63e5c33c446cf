import { Fifo } from './fifo.js';
import type { Posted, Turn } from './turn.js';
import type { JoinTexts, SendOutcome } from './types.js';

/** Bytes the library may hold of what is handed to it: a control frame waits behind these and the kernel's buffers. */
export const WINDOW_BYTES = 256 * 1024;

/**
 * Bytes of the longest message that goes as one frame. A longer one goes as fragments, so that control frames can
 * pass and peers with a limit per frame accept it (spec/protocol.md §1.7, §19.17).
 */
export const LARGEST_FRAME_BYTES = 1024 * 1024;

/** Bytes of one fragment, except the last. It may end within a character (RFC 6455 §5.6). */
export const FRAGMENT_BYTES = WINDOW_BYTES;

/**
 * Bytes of what waits that are handed over in one turn of the event loop. A kernel on the same machine may take far more at
 * once, a millisecond for each MiB; others have their turn in between.
 */
export const TURN_BYTES = 8 * WINDOW_BYTES;

/** Bytes of the longest message that waits for the end of a turn to leave together with others. */
export const LARGEST_POSTED_BYTES = 8 * 1024;

/** Messages that may wait for it: so many save nearly all the writes, and who reads them begins with the first meanwhile. */
export const MAX_POSTED_MESSAGES = 16;

/** Bytes the head of a server's frame has at most. */
export const HEAD_BYTES = 10;

/** What a frame is of its message. */
export type FramePart = 'whole' | 'first' | 'middle' | 'last';

/** What the library below a driver does with frames. */
export interface FrameWriter {
  /** Bytes that were handed to the library, and that the kernel has not taken. */
  readonly bufferedBytes: number;
  /** Hands over one frame. `closed`: it is lost, and so will be all that follow. */
  write(data: string | Uint8Array, isBinary: boolean, part: FramePart): SendOutcome;
  /** Hands over text messages, each as a frame, so that they reach the kernel together as far as possible. */
  writeTexts(messages: readonly Uint8Array[]): SendOutcome;
  /** Around several writes, so that they may reach the kernel as one. What `write` returns in between says nothing. */
  cork(): void;
  uncork(): void;
  /** Asks for {@link SendQueue.advance} once some of what is buffered has left. */
  awaitRoom(): void;
  /** Hands over the close frame. */
  close(code: number, reason: string): void;
}

export interface SendQueueOptions {
  readonly writer: FrameWriter;
  readonly turn: Turn;
  /** Milliseconds that what was sent before `close` has to leave. */
  readonly closeTimeoutMs: number;
  /** Everything has left, after a send that returned `buffered`. */
  readonly drained: () => void;
  /** `closeTimeoutMs` has passed, and the close frame could not be sent. */
  readonly overdue: () => void;
}

/** A message, or one of the pieces it was given as. */
interface Message {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
  /** Whether it is the first of its pieces, and whether the last. */
  readonly begins: boolean;
  readonly ends: boolean;
}

type Life =
  /** Nothing waits that is known of: a message goes straight to the library. */
  | { readonly name: 'clear' }
  /** A send returned `buffered`: messages wait here, or in the library, and `drained` is owed. */
  | { readonly name: 'behind' }
  /** The close frame waits for everything before it. */
  | {
      readonly name: 'closing';
      readonly code: number;
      readonly reason: string;
      readonly deadline: NodeJS.Timeout;
    }
  /** The close frame was handed over, or the connection is gone. */
  | { readonly name: 'over' };

const CLEAR: Life = { name: 'clear' };
const BEHIND: Life = { name: 'behind' };
const OVER: Life = { name: 'over' };

/**
 * Stands between the owner of a socket and the library. Whatever the library has been given leaves before its next
 * control frame, so a slow peer would wait for the answer to its ping behind all that was ever sent to it. Here the
 * library is given one window at a time, and the rest waits in front of it.
 */
export class SendQueue implements Posted {
  readonly #writer: FrameWriter;
  readonly #options: SendQueueOptions;
  readonly #messages = new Fifo<Message>();
  #life: Life = CLEAR;
  /** Bytes of `#messages` that have not been handed over. */
  #queued = 0;
  /** Text messages that leave when this turn of the event loop ends. Only while the queue is clear. */
  #posted: Uint8Array[] = [];
  #postedBytes = 0;
  /** What makes one message of them, where the peer takes that. */
  #joinTexts: JoinTexts | undefined;
  /** Whether the end of the turn is waited for. */
  #joined = false;
  /** How much of the first of `#messages` has been handed over, as fragments. */
  #begun = 0;
  /** Set while the queue goes on by itself in the next turn: the kernel would have taken more. */
  #goesOn: NodeJS.Immediate | undefined;

  constructor(options: SendQueueOptions) {
    this.#options = options;
    this.#writer = options.writer;
  }

  /** Bytes that were accepted and that the kernel has not taken. Not to be asked when the connection is gone. */
  get bufferedBytes(): number {
    return this.#postedBytes + this.#queued + this.#writer.bufferedBytes;
  }

  /** As `send`, but a message may leave together with what else is posted in this turn of the event loop. */
  post(data: Uint8Array): SendOutcome {
    if (this.#life !== CLEAR || data.length > LARGEST_POSTED_BYTES) return this.send(data, false);
    this.#posted.push(data);
    this.#postedBytes += data.length;
    if (!this.#joined) {
      this.#joined = true;
      this.#options.turn.join(this);
    }
    return this.#posted.length >= MAX_POSTED_MESSAGES ? this.#sendPosted() : 'sent';
  }

  /** What is posted from now on leaves as one message. */
  joinPosted(join: JoinTexts): void {
    this.#sendPosted();
    this.#joinTexts = join;
  }

  /** A text message made of these, one after the other. They leave as fragments at least, and are never put together. */
  sendTextPieces(pieces: readonly Uint8Array[]): SendOutcome {
    if (this.#postedBytes > 0) this.#sendPosted();
    const { name } = this.#life;
    if (name !== 'clear' && name !== 'behind') return 'closed';
    for (const [at, data] of pieces.entries()) {
      this.#push({ data, isBinary: false, begins: at === 0, ends: at === pieces.length - 1 });
    }
    return name === 'clear' ? this.#sendQueued() : 'buffered';
  }

  /** The turn has ended. */
  flush(): void {
    this.#joined = false;
    this.#sendPosted();
  }

  send(data: string | Uint8Array, isBinary: boolean): SendOutcome {
    if (this.#postedBytes > 0) this.#sendPosted();
    switch (this.#life.name) {
      case 'clear':
        return this.#sendNow(inBytesIfLong(data), isBinary);
      case 'behind':
        this.#enqueue(data, isBinary);
        return 'buffered';
      default:
        return 'closed';
    }
  }

  /** The library has room, or may have. Never from within a call of the owner: it may tell that all is `drained`. */
  advance(): void {
    if (this.#life.name === 'clear' || this.#life.name === 'over' || this.#goesOn !== undefined) return;
    this.#handOver();
    this.#settle(this.#life);
  }

  /** Nothing can be sent from here on. The close frame leaves when all that was sent before has left. */
  close(code: number, reason: string): void {
    if (this.#postedBytes > 0) this.#sendPosted();
    if (this.#life.name === 'closing' || this.#life.name === 'over') return;
    if (this.#life.name === 'clear') {
      if (this.#writer.bufferedBytes === 0) {
        this.#life = OVER;
        this.#writer.close(code, reason);
        return;
      }
      // Control frames, of which the queue does not know.
      this.#writer.awaitRoom();
    }
    const deadline = setTimeout(this.#options.overdue, this.#options.closeTimeoutMs);
    this.#life = { name: 'closing', code, reason, deadline };
  }

  /** The connection is gone, or about to be cut: forgets what waits. */
  drop(): void {
    if (this.#life.name === 'closing') clearTimeout(this.#life.deadline);
    this.#life = OVER;
    clearImmediate(this.#goesOn);
    this.#messages.clear();
    this.#queued = 0;
    this.#posted = [];
    this.#postedBytes = 0;
  }

  #sendPosted(): SendOutcome {
    if (this.#postedBytes === 0) return 'sent';
    const posted = this.#posted;
    this.#posted = [];
    this.#postedBytes = 0;
    const join = posted.length > 1 ? this.#joinTexts : undefined;
    const outcome = this.#writer.writeTexts(join === undefined ? posted : [join(posted)]);
    if (outcome === 'buffered') this.#fallBehind();
    return outcome;
  }

  #sendNow(data: string | Uint8Array, isBinary: boolean): SendOutcome {
    if (data.length <= LARGEST_FRAME_BYTES) {
      const outcome = this.#writer.write(data, isBinary, 'whole');
      if (outcome === 'buffered') this.#fallBehind();
      return outcome;
    }
    this.#enqueue(data, isBinary);
    return this.#sendQueued();
  }

  /** While nothing else waits. */
  #sendQueued(): SendOutcome {
    this.#handOver();
    if (this.#life.name === 'over') return 'closed';
    if (this.bufferedBytes === 0 && this.#goesOn === undefined) return 'sent';
    this.#fallBehind();
    return 'buffered';
  }

  #fallBehind(): void {
    this.#life = BEHIND;
    this.#writer.awaitRoom();
  }

  #enqueue(data: string | Uint8Array, isBinary: boolean): void {
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.#push({ data: bytes, isBinary, begins: true, ends: true });
  }

  #push(message: Message): void {
    this.#messages.push(message);
    this.#queued += message.data.length;
  }

  /** Gives the library one window after another, as long as the kernel takes them and this turn is not over. */
  #handOver(): void {
    let room = this.#room();
    let left = TURN_BYTES;
    while (left > 0 && this.#nextFits(room)) {
      this.#writer.cork();
      do {
        const bytes = this.#writeNext();
        room -= bytes;
        left -= bytes;
      } while (this.#nextFits(room));
      this.#writer.uncork();
      room = this.#room();
    }
    if (left <= 0 && this.#nextFits(room)) this.#goesOn ??= setImmediate(this.#goOn);
  }

  readonly #goOn = (): void => {
    this.#goesOn = undefined;
    this.advance();
  };

  #room(): number {
    return this.#life.name === 'over' ? 0 : WINDOW_BYTES - this.#writer.bufferedBytes;
  }

  /** Into an empty library any frame fits, or the larger ones never would. */
  #nextFits(room: number): boolean {
    const next = this.#messages.first;
    if (next === undefined) return false;
    return room === WINDOW_BYTES || frameBytes(next.data.length - this.#begun, next) <= room;
  }

  /** @returns the bytes it takes in the library. */
  #writeNext(): number {
    const message = this.#messages.first;
    if (message === undefined) return 0;
    const { data, isBinary, begins, ends } = message;
    const start = this.#begun;
    const size = frameBytes(data.length - start, message);
    const end = start + size - HEAD_BYTES;
    const isLast = end === data.length;
    // Before the write, which can end the connection, and with it this queue.
    this.#queued -= end - start;
    this.#begun = isLast ? 0 : end;
    if (isLast) this.#messages.shift();
    const part = partOf(begins && start === 0, ends && isLast);
    const piece = end - start === data.length ? data : data.subarray(start, end);
    const outcome = this.#writer.write(piece, isBinary, part);
    if (outcome === 'closed') this.drop();
    return size;
  }

  #settle(life: Life): void {
    if (life.name === 'over') return;
    // What is left may be a message without a byte.
    if (this.bufferedBytes > 0 || this.#goesOn !== undefined) {
      this.#writer.awaitRoom();
    } else if (life.name === 'closing') {
      clearTimeout(life.deadline);
      this.#life = OVER;
      this.#writer.close(life.code, life.reason);
    } else {
      this.#life = CLEAR;
      this.#options.drained();
    }
  }
}

function partOf(isFirst: boolean, isLast: boolean): FramePart {
  if (isFirst) return isLast ? 'whole' : 'first';
  return isLast ? 'last' : 'middle';
}

/** Whether a text is too long for one frame is only known of its bytes; most are short enough in any encoding. */
function inBytesIfLong(data: string | Uint8Array): string | Uint8Array {
  return typeof data === 'string' && data.length * 3 > LARGEST_FRAME_BYTES ? Buffer.from(data) : data;
}

/** Bytes of the next frame of a message of which `rest` bytes have not been handed over, its head included. */
function frameBytes(rest: number, { data }: Message): number {
  return HEAD_BYTES + (data.length <= LARGEST_FRAME_BYTES ? rest : Math.min(rest, FRAGMENT_BYTES));
}
