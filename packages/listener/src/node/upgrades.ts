import { type IncomingMessage, ServerResponse } from 'node:http';
import { type ServerOptions, WebSocketServer } from 'ws';
import { answer, decideUpgrade } from '../dispatch.js';
import type { Settings } from '../settings.js';
import { Turn } from '../turn.js';
import type { HttpAnswer, UpgradeDecision } from '../types.js';
import type { Connections } from './connections.js';
import { headOf } from './incoming.js';
import { NodeResponse } from './response.js';
import { NodeSocket } from './socket.js';

type Accepted = Extract<UpgradeDecision, { accept: unknown }>;

/** Turns upgrade requests into WebSockets, or into the answer that refuses them. */
export class Upgrades {
  readonly sockets = new Set<NodeSocket>();
  readonly #settings: Settings;
  readonly #connections: Connections;
  readonly #server: WebSocketServer;
  readonly #turn = new Turn();

  constructor(settings: Settings, connections: Connections) {
    this.#settings = settings;
    this.#connections = connections;
    const options: ServerOptions & { closeTimeout: number } = {
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: settings.maxMessageBytes,
      closeTimeout: settings.closeTimeoutMs,
    };
    this.#server = new WebSocketServer(options);
  }

  /** @param rest bytes that came with the head; those that come later wait in the socket. */
  async decide(message: IncomingMessage, rest: Buffer): Promise<void> {
    const tcp = message.socket;
    // node:http has let go of the socket: a reset while the owner decides must not become an uncaught error.
    const lost = () => tcp.destroy();
    tcp.on('error', lost);
    this.#connections.began(tcp);
    const draining = () => this.#connections.draining;
    const pending = decideUpgrade(this.#settings, draining, headOf(message));
    const decision = pending instanceof Promise ? await pending : pending;
    // The client did not wait for the decision.
    if (tcp.destroyed) return;
    if ('reject' in decision) {
      this.#refuse(message, decision.reject);
      return;
    }
    this.#connections.upgraded(tcp);
    this.#connections.answered(tcp);
    tcp.off('error', lost);
    this.#accept(message, rest, decision);
  }

  #refuse(message: IncomingMessage, refusal: HttpAnswer): void {
    const tcp = message.socket;
    const response = new ServerResponse(message);
    response.assignSocket(tcp);
    // The parser of this connection is gone, so it cannot carry another request.
    response.shouldKeepAlive = false;
    const { report } = this.#settings;
    const exchange = {
      method: message.method ?? '',
      report,
      draining: () => this.#connections.draining,
      settled: () => {},
      ended: () => {
        this.#connections.answered(tcp);
        tcp.destroySoon();
      },
    };
    try {
      answer(new NodeResponse(response, tcp, exchange), refusal);
    } catch (error) {
      report(error);
      tcp.destroy();
    }
  }

  #accept(message: IncomingMessage, rest: Buffer, { accept, protocol }: Accepted): void {
    const tcp = message.socket;
    // `ws` takes the first protocol offered; it is offered the one that was chosen.
    if (protocol === undefined) delete message.headers['sec-websocket-protocol'];
    else message.headers['sec-websocket-protocol'] = protocol;
    // `ws` knows no list here, which RFC 9110 §7.8 allows and wantsWebSocket has read.
    message.headers.upgrade = 'websocket';
    this.#server.handleUpgrade(message, tcp, rest, (ws) => {
      const socket = new NodeSocket(ws, tcp, {
        remoteAddress: headOf(message).remoteAddress,
        closeTimeoutMs: this.#settings.closeTimeoutMs,
        turn: this.#turn,
        report: this.#settings.report,
      });
      this.sockets.add(socket);
      ws.once('close', () => this.sockets.delete(socket));
      socket.adopt(accept);
    });
  }
}
