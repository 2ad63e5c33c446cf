import type { ListenOptions, RequestHead, Socket, SocketEvents, UpgradeDecision } from '../types.js';
import { Inbox } from './inbox.js';

export interface Message {
  readonly data: Uint8Array;
  readonly isBinary: boolean;
  readonly text: string;
}

/** The server side of one WebSocket, recording what it hears. */
export class Owner implements SocketEvents {
  readonly socket: Socket;
  readonly messages = new Inbox<Message>();
  readonly drains = new Inbox<number>();
  readonly pings = new Inbox<'ping'>();
  readonly pongs = new Inbox<'pong'>();
  readonly ends = new Inbox<{ code: number; reason: string }>();

  constructor(socket: Socket) {
    this.socket = socket;
  }

  message(data: Uint8Array, isBinary: boolean): void {
    this.messages.push({ data, isBinary, text: Buffer.from(data).toString() });
  }

  drained(): void {
    this.drains.push(this.socket.bufferedBytes);
  }

  ping(): void {
    this.pings.push('ping');
  }

  pong(): void {
    this.pongs.push('pong');
  }

  closed(code: number, reason: string): void {
    this.ends.push({ code, reason });
  }
}

/** Accepts every upgrade and hands out the owners in order. */
export class Owners {
  readonly inbox = new Inbox<Owner>();
  readonly heads: RequestHead[] = [];

  readonly onUpgrade = (head: RequestHead): UpgradeDecision => {
    this.heads.push(head);
    return { accept: this.accept };
  };

  readonly accept = (socket: Socket): Owner => {
    const owner = new Owner(socket);
    this.inbox.push(owner);
    return owner;
  };

  next(): Promise<Owner> {
    return this.inbox.next();
  }
}

/** Options that echo every message. */
export function echo(): Pick<ListenOptions, 'onUpgrade'> {
  return {
    onUpgrade: () => ({
      accept: (socket) => ({
        message: (data, isBinary) => {
          if (isBinary) socket.sendBinary(data);
          else socket.sendText(data);
        },
        closed() {},
      }),
    }),
  };
}
