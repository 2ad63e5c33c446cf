import { CREDIT_PROTOCOL, type Endpoint } from 'iii-channel/hub';
import type { Socket } from 'iii-listener';
import { LIMITS } from 'iii-protocol';

/** One end of a channel behind a WebSocket. */
export class SocketEndpoint implements Endpoint {
  readonly hasCredit: boolean;
  readonly canPause: boolean;
  readonly maxMessageBytes: number;

  /**
   * @param isPython the other side is an official Python client. It takes pings that are not answered for 20 s for a
   *   dead engine, so it cannot be held back, and it receives no message above 1 MiB (sdk-python-rust.md §1).
   */
  constructor(
    private readonly socket: Socket,
    isPython: boolean,
  ) {
    this.hasCredit = socket.protocol === CREDIT_PROTOCOL;
    this.canPause = socket.canPause && !isPython;
    this.maxMessageBytes = isPython ? LIMITS.pythonMessageBytes : Number.POSITIVE_INFINITY;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedBytes;
  }

  sendText(text: string | Uint8Array): 'sent' | 'buffered' | 'closed' {
    return this.socket.sendText(text);
  }

  sendBinary(data: Uint8Array): 'sent' | 'buffered' | 'closed' {
    return this.socket.sendBinary(data);
  }

  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(code: number, reason: string): void {
    this.socket.close(code, reason);
  }
}
