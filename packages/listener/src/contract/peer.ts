import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import type { Listener } from '../types.js';
import { Inbox } from './inbox.js';

/** The client side of one WebSocket, through `ws`. Cut when the test is over. */
export class Peer {
  readonly ws: WebSocket;
  /** What the WebSocket runs over, once it is open. */
  tcp: Duplex | undefined;
  readonly messages = new Inbox<{ data: Buffer; isBinary: boolean }>();
  readonly pongs = new Inbox<string>();
  readonly pings = new Inbox<string>();
  readonly ends = new Inbox<{ code: number; reason: string }>();

  private constructor(ws: WebSocket) {
    this.ws = ws;
    ws.on('upgrade', ({ socket }) => {
      this.tcp = socket;
    });
    ws.on('message', (data: Buffer, isBinary) => this.messages.push({ data, isBinary }));
    ws.on('ping', (data) => this.pings.push(data.toString()));
    ws.on('pong', (data) => this.pongs.push(data.toString()));
    ws.on('close', (code, reason) => this.ends.push({ code, reason: reason.toString() }));
    ws.on('error', () => {});
    onTestFinished(() => ws.terminate());
  }

  static async open(
    { port }: Pick<Listener, 'port'>,
    path = '/',
    protocols: string[] = [],
    options: ClientOptions = {},
  ): Promise<Peer> {
    const peer = new Peer(
      new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { maxPayload: 0, ...options }),
    );
    await once(peer.ws, 'open');
    return peer;
  }

  async text(): Promise<string> {
    const { data, isBinary } = await this.messages.next();
    if (isBinary) throw new Error('expected a text message, got a binary one');
    return data.toString();
  }

  async binary(): Promise<Buffer> {
    const { data, isBinary } = await this.messages.next();
    if (!isBinary) throw new Error('expected a binary message, got a text one');
    return data;
  }
}
