import { Readable } from 'node:stream';
import { systemClock } from 'iii-protocol';
import { FlowWindow } from '../flow-window.js';
import { CLOSE, costOf, grantMessage, type Item, isCleanClose, TEXT_ITEM, WINDOW } from '../wire.js';
import { Attachment } from './attachment.js';
import { destroyOnAbort, warnWhenUnheard } from './destroy.js';
import { ChannelClosedError, closedError, toError } from './errors.js';
import { type Arrived, Inbox } from './inbox.js';
import { TextListeners } from './text-listeners.js';
import type { ChannelRef, Connect, EndOptions } from './transport.js';
import { connectWebSocket } from './websocket-transport.js';

/**
 * The end of a channel that receives (sdk-node.md §11.3). It connects when it is first used. Bytes come from `stream`,
 * text goes to the listeners of `onMessage`.
 *
 * Text that was sent between two chunks is delivered between them. As long as nobody reads the stream it does not wait
 * for the bytes before it. What is not read is at most a window of credit, or as much where the engine knows none.
 *
 * A channel that ends in any other way than cleanly is an error of the stream, a {@link ChannelClosedError}, after what
 * had arrived. Destroying the stream, or leaving a `for await` over it, tells the writer that no more is wanted.
 */
export class ChannelReader implements AsyncIterable<Buffer> {
  readonly #attachment: Attachment;
  readonly #window: FlowWindow;
  readonly #texts = new TextListeners((error) => void this.stream.destroy(toError(error)));
  readonly #inbox: Inbox;
  /** Cost of the chunk that nobody has taken from the stream. */
  #costInStream = 0;
  #streamIsRead = false;
  #streamWants = false;
  #isPaused = false;
  #failure: ChannelClosedError | undefined;
  #stream: Readable | undefined;

  /** @param engine address of the engine, as given to `registerWorker`, or what connects instead. */
  constructor(engine: string | Connect, ref: ChannelRef, { signal, clock = systemClock }: EndOptions = {}) {
    const connect = typeof engine === 'string' ? connectWebSocket(engine) : engine;
    this.#window = new FlowWindow(clock);
    this.#attachment = new Attachment((events) => connect(ref, 'read', events), {
      opened: () => {},
      message: (data, isBinary) => this.#received(data, isBinary),
      closed: (code, reason, error) => this.#closed(code, reason, error),
    });
    this.#inbox = new Inbox({
      // Text, too, comes only after the chunk before it was taken.
      isReady: () => this.#streamWants,
      take: (arrived) => this.#take(arrived),
      ended: () => this.#ended(),
    });
    if (signal !== undefined) destroyOnAbort(this.stream, signal);
  }

  /** One chunk per message of the writer. Made when it is first looked at: most handlers are given ends they never use. */
  get stream(): Readable {
    if (this.#stream !== undefined) return this.#stream;
    const stream = new Readable({
      // One chunk at a time, so that `read` tells that the one before is taken.
      highWaterMark: 1,
      read: () => this.#read(),
      destroy: (error, done) => {
        this.#inbox.discard();
        this.#attachment.close(CLOSE.readerDone, 'the reader is done');
        done(error);
      },
    });
    this.#stream = stream;
    warnWhenUnheard(stream);
    return stream;
  }

  /** A reader on a connection of the caller’s making. For clients; programs use the constructor. */
  static over(connect: Connect, ref: ChannelRef, options: EndOptions = {}): ChannelReader {
    return new ChannelReader(connect, ref, options);
  }

  /**
   * Calls back for every text message, in order. Up to 1 MiB of what came before the first listener is kept for it.
   * What a listener throws destroys the stream.
   */
  onMessage(callback: (msg: string) => void): void {
    this.#texts.add(callback);
    this.#attachment.connect();
  }

  /**
   * All bytes until the end; none when they were read before.
   *
   * @throws ChannelClosedError when the channel does not end cleanly.
   */
  async readAll(): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.stream as AsyncIterable<Buffer | string>) {
      // With an encoding set, a stream yields strings.
      chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    }
    return Buffer.concat(chunks);
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Buffer> {
    return this.stream[Symbol.asyncIterator]();
  }

  /** Wants no more. What has arrived can still be read, and then the stream ends. */
  close(): void {
    this.#attachment.close(CLOSE.readerDone, 'channel_close');
    this.#inbox.end();
  }

  /** The chunk in the stream is being taken, or is not enough. */
  #read(): void {
    this.#streamIsRead = true;
    this.#streamWants = true;
    this.#attachment.connect();
    this.#consumed(this.#costInStream);
    this.#costInStream = 0;
    // Not at once, because the stream would make one of this chunk and the next.
    process.nextTick(() => {
      this.#inbox.deliver();
      this.#holdBack();
    });
  }

  #received(data: Uint8Array, isBinary: boolean): void {
    const hasCredit = this.#attachment.transport?.hasCredit === true;
    const item = itemOf(data, isBinary, hasCredit);
    if (item === undefined) {
      this.#violated('a reader is sent items, and nothing else');
      return;
    }
    const cost = costOf(data.byteLength - (hasCredit && !isBinary ? TEXT_ITEM.length : 0));
    if (hasCredit && !this.#window.arrived(cost)) {
      this.#violated('an item came without credit');
      return;
    }
    if (item.kind === 'text' && !this.#streamIsRead) this.#take({ item, cost });
    else this.#inbox.add({ item, cost });
    this.#holdBack();
  }

  #take({ item, cost }: Arrived): void {
    if (item.kind === 'text') {
      this.#consumed(cost);
      this.#texts.deliver(item.data);
    } else if (item.data.byteLength === 0) {
      // A stream of bytes has no such chunk.
      this.#consumed(cost);
    } else {
      this.#streamWants = false;
      this.#costInStream += cost;
      this.stream.push(item.data);
    }
  }

  #consumed(cost: number): void {
    const { transport } = this.#attachment;
    if (transport?.hasCredit !== true || cost === 0) return;
    const total = this.#window.consumed(cost);
    if (total !== undefined) transport.sendText(grantMessage(total));
  }

  /** Without credit, reading no more is the only way to hold back a writer. */
  #holdBack(): void {
    const { transport } = this.#attachment;
    if (transport === undefined || transport.hasCredit) return;
    const isFull = this.#inbox.cost >= (this.#isPaused ? WINDOW.initial / 2 : WINDOW.initial);
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) transport.pause();
    else transport.resume();
  }

  #violated(reason: string): void {
    this.#attachment.close(CLOSE.violation, reason);
    this.#fail(new ChannelClosedError('protocol_violation', reason, { closeCode: CLOSE.violation, reason }));
  }

  #closed(code: number, reason: string, error: Error | undefined): void {
    if (isCleanClose(code) && error === undefined) this.#inbox.end();
    else this.#fail(closedError('read', code, reason, error));
  }

  /** The failure comes after what has arrived, unless nobody would ever get so far. */
  #fail(failure: ChannelClosedError): void {
    if (this.#inbox.isClosed) return;
    this.#failure = failure;
    if (this.#streamIsRead) this.#inbox.end();
    else this.stream.destroy(failure);
  }

  #ended(): void {
    if (this.#failure === undefined) this.stream.push(null);
    else this.stream.destroy(this.#failure);
  }
}

/** The item of a message; undefined when it is none. */
function itemOf(data: Uint8Array, isBinary: boolean, hasCredit: boolean): Item | undefined {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  if (isBinary) return { kind: 'binary', data: bytes };
  if (!hasCredit) return { kind: 'text', data: bytes.toString('utf8') };
  if (bytes[0] !== TEXT_ITEM.charCodeAt(0)) return undefined;
  return { kind: 'text', data: bytes.toString('utf8', TEXT_ITEM.length) };
}
