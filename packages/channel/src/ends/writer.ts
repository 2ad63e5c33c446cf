import { Writable } from 'node:stream';
import { CHUNK_BYTES, CLOSE, costOf, type Item, isCleanClose, parseGrant } from '../wire.js';
import { Attachment } from './attachment.js';
import { destroyOnAbort, warnWhenUnheard } from './destroy.js';
import { ChannelClosedError, ChannelError, closedError } from './errors.js';
import { chunksOf, Outbox } from './outbox.js';
import type { ChannelRef, Connect, EndOptions } from './transport.js';
import { connectWebSocket } from './websocket-transport.js';

/** Cost of text that may wait to be sent. */
export const MAX_QUEUED_TEXT = 64 * 1024 * 1024;

/**
 * The end of a channel that sends (sdk-node.md §11.2). It connects when it is first used. Bytes go through `stream`,
 * text through `sendMessage`; what is sent first arrives first.
 *
 * The channel ends cleanly with `stream.end()` or `close()`. Whatever else happens, the reader sees an error, and so
 * does this end: `stream` is destroyed with a {@link ChannelClosedError}.
 */
export class ChannelWriter {
  readonly #attachment: Attachment;
  readonly #outbox = new Outbox();
  /** The chunks of the stream that stand for text. They go through the stream because it keeps the order. */
  readonly #texts = new WeakMap<Uint8Array, string>();
  #queuedText = 0;
  #endReason = 'stream_complete';
  #ended: (() => void) | undefined;
  #stream: Writable | undefined;

  /** @param engine address of the engine, as given to `registerWorker`, or what connects instead. */
  constructor(engine: string | Connect, ref: ChannelRef, { signal }: EndOptions = {}) {
    const connect = typeof engine === 'string' ? connectWebSocket(engine) : engine;
    this.#attachment = new Attachment((events) => connect(ref, 'write', events), {
      opened: (transport) => this.#outbox.open(transport),
      message: (data, isBinary) => this.#received(data, isBinary),
      closed: (code, reason, error) => this.#closed(code, reason, error),
    });
    if (signal !== undefined) destroyOnAbort(this.stream, signal);
  }

  /**
   * Bytes to send; a chunk beyond 64 KiB becomes several messages. A write is done when all of it has left, which the
   * reader holds back when it does not keep up. `finish` means that the engine has confirmed the end. Made when it is
   * first looked at: most handlers are given ends they never use.
   */
  get stream(): Writable {
    if (this.#stream !== undefined) return this.#stream;
    const stream = new Writable({
      highWaterMark: CHUNK_BYTES,
      write: (chunk: Buffer, _encoding, done) => this.#send([chunk], done),
      writev: (writes, done) =>
        this.#send(
          writes.map(({ chunk }) => chunk as Buffer),
          done,
        ),
      final: (done) => {
        this.#ended = done;
        this.#attachment.close(CLOSE.normal, this.#endReason);
      },
      destroy: (error, done) => {
        if (!stream.writableFinished) this.#abort(error ?? destroyedError());
        done(error);
      },
    });
    this.#stream = stream;
    warnWhenUnheard(stream);
    return stream;
  }

  /** A writer on a connection of the caller’s making. For clients; programs use the constructor. */
  static over(connect: Connect, ref: ChannelRef, options: EndOptions = {}): ChannelWriter {
    return new ChannelWriter(connect, ref, options);
  }

  /**
   * Sends a text message, after everything that was written before it.
   *
   * @returns false when enough waits to be sent: wait for {@link drained} before the next one, or keep it to at most
   * 64 MiB. Also false when the writer has ended or the channel is gone; {@link drained} then says why.
   * @throws ChannelError `outbox_full` when the message is one too many. It was not taken then.
   */
  sendMessage(msg: string): boolean {
    if (this.stream.destroyed) return false;
    if (this.stream.writableEnded) {
      // As much of an error as programs for the official SDK can take: they may say something after their end.
      process.emitWarning(writerEnded());
      return false;
    }
    const chunk = Buffer.from(msg);
    const cost = costOf(chunk.byteLength);
    if (this.#queuedText + cost > MAX_QUEUED_TEXT) {
      const detail = `a message of ${chunk.byteLength} bytes does not fit beside ${this.#queuedText} that wait`;
      throw new ChannelError('outbox_full', `${detail} (at most ${MAX_QUEUED_TEXT})`);
    }
    this.#texts.set(chunk, msg);
    this.#queuedText += cost;
    return this.stream.write(chunk, () => {
      this.#queuedText -= cost;
    });
  }

  /** Resolves when more can be sent. Rejects when nothing ever can, because the channel is gone. */
  async drained(): Promise<void> {
    const { stream } = this;
    if (stream.writableNeedDrain) {
      await new Promise<void>((resolve) => {
        const settle = () => {
          stream.off('drain', settle).off('close', settle);
          resolve();
        };
        stream.on('drain', settle).on('close', settle);
      });
    }
    if (stream.destroyed && !stream.writableFinished) throw stream.errored ?? destroyedError();
    if (stream.writableEnded) throw writerEnded();
  }

  /** Ends the channel, after everything that was written before. The same as `stream.end()`. */
  close(): void {
    if (this.stream.writableEnded || this.stream.destroyed) return;
    this.#endReason = 'channel_close';
    this.stream.end();
  }

  #send(chunks: readonly Buffer[], done: (error?: Error) => void): void {
    this.#attachment.connect();
    this.#outbox.put(
      chunks.flatMap((chunk) => this.#itemsOf(chunk)),
      done,
    );
  }

  #itemsOf(chunk: Buffer): Item[] {
    const text = this.#texts.get(chunk);
    return text === undefined ? [...chunksOf(chunk)] : [{ kind: 'text', data: text }];
  }

  /** With credit, the engine sends grants and nothing else; without, nothing at all. */
  #received(data: Uint8Array, isBinary: boolean): void {
    if (this.#attachment.transport?.hasCredit !== true) return;
    const total = isBinary ? undefined : parseGrant(data);
    if (total !== undefined) {
      this.#outbox.grant(total);
      return;
    }
    const reason = 'a writer is sent grants, and nothing else';
    this.#attachment.close(CLOSE.violation, reason);
    this.stream.destroy(
      new ChannelClosedError('protocol_violation', reason, { closeCode: CLOSE.violation, reason }),
    );
  }

  /** Leaves so that the reader hears of it, even where it would be the first it hears. */
  #abort(error: Error): void {
    this.#outbox.fail(error);
    this.#attachment.close(CLOSE.failed, error.message);
  }

  #closed(code: number, reason: string, error: Error | undefined): void {
    // Before this end has said its goodbye, a close is never what it hoped for.
    if (isCleanClose(code) && error === undefined && this.#ended !== undefined) this.#ended();
    else this.stream.destroy(closedError('write', code, reason, error));
  }
}

function destroyedError(): ChannelClosedError {
  return new ChannelClosedError('writer_destroyed', 'the writer was destroyed before its end');
}

function writerEnded(): ChannelError {
  return new ChannelError('writer_ended', 'the message cannot be sent, the writer has ended');
}
