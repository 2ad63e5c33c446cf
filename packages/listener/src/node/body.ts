import type { IncomingMessage } from 'node:http';
import { BodyReader, type BodySource, bodyAlreadyRead } from '../body.js';
import type { ReportFault } from '../fault.js';
import type { BodyEvents } from '../types.js';

/** Bytes a second that must still come of a body whose answer has left. As on uws, and as much as it is for answers. */
const SLOWEST_BYTES_PER_SECOND = 16 * 1024;

/** The body of a node:http request. The stream itself stays paused, and bounded, until somebody reads it. */
export class NodeBody implements BodySource {
  readonly #request: IncomingMessage;
  readonly #report: ReportFault;
  #reader: BodyReader | 'unread' | 'dropped' = 'unread';

  constructor(request: IncomingMessage, report: ReportFault) {
    this.#request = request;
    this.#report = report;
  }

  read(events: BodyEvents): void {
    if (typeof this.#reader === 'object') throw bodyAlreadyRead();
    const request = this.#request;
    const reader = new BodyReader(events, this.#report, () => request.socket.destroy());
    if (this.#reader === 'dropped' || request.destroyed) {
      queueMicrotask(() => reader.aborted());
      return;
    }
    this.#reader = reader;
    request.on('data', (chunk: Uint8Array) => reader.data(chunk));
    request.on('end', () => reader.end());
    request.on('close', () => reader.aborted());
  }

  pause(): void {
    if (this.#reader !== 'dropped') this.#request.pause();
  }

  resume(): void {
    if (typeof this.#reader === 'object') this.#request.resume();
  }

  /** The answer is complete: what is left of the body is read and thrown away, so that the connection lives on. */
  drop(): void {
    const reader = this.#reader;
    if (reader === 'dropped') return;
    this.#reader = 'dropped';
    if (reader !== 'unread') reader.aborted();
    if (this.#request.readableEnded) return;
    this.#request.removeAllListeners('data');
    this.#request.resume();
  }

  /**
   * The answer has left, so nobody's deadline is kept any more: a client that only drips what is left of its body is
   * cut. Looked at every so many milliseconds.
   */
  expectRest(everyMs: number): void {
    const request = this.#request;
    const { socket } = request;
    if (request.complete || request.destroyed || socket.destroyed) return;
    let before = socket.bytesRead;
    const watch = setInterval(() => {
      const came = socket.bytesRead - before;
      before = socket.bytesRead;
      if (came < (SLOWEST_BYTES_PER_SECOND * everyMs) / 1_000) socket.destroy();
    }, everyMs);
    const stop = () => clearInterval(watch);
    request.once('end', stop);
    socket.once('close', stop);
  }
}
