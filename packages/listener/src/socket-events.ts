import type { ReportFault } from './fault.js';
import type { Socket, SocketEvents } from './types.js';

/**
 * Stands between a driver and the owner of a socket: nothing is told after `closed`, `closed` is told once and never
 * from within a call the owner made, and an owner that throws loses this socket (1011) and nothing else.
 */
export class SocketOwner {
  readonly #report: ReportFault;
  readonly #failed: () => void;
  #events: SocketEvents | undefined;
  #over = false;

  /** @param failed closes the socket with 1011. */
  constructor(report: ReportFault, failed: () => void) {
    this.#report = report;
    this.#failed = failed;
  }

  /** Asks who receives the events. The socket may already be used, and closed, while the answer is given. */
  adopt(accept: (socket: Socket) => SocketEvents, socket: Socket): void {
    try {
      this.#events = accept(socket);
    } catch (error) {
      this.#fail(error);
    }
  }

  message(data: Uint8Array, isBinary: boolean): void {
    if (this.#over) return;
    // Written out rather than through #tell: this runs once per message, without a closure.
    try {
      this.#events?.message(data, isBinary);
    } catch (error) {
      this.#fail(error);
    }
  }

  drained(): void {
    this.#tell((events) => events.drained?.());
  }

  ping(): void {
    this.#tell((events) => events.ping?.());
  }

  pong(): void {
    this.#tell((events) => events.pong?.());
  }

  closed(code: number, reason: string): void {
    if (this.#over) return;
    this.#over = true;
    queueMicrotask(() => {
      try {
        this.#events?.closed(code, reason);
      } catch (error) {
        this.#report(error);
      }
    });
  }

  #tell(event: (events: SocketEvents) => void): void {
    if (this.#over || this.#events === undefined) return;
    try {
      event(this.#events);
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    this.#report(error);
    this.#failed();
  }
}
