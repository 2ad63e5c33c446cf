import { once } from 'node:events';
import type { Server } from 'node:http';
import { formatAddress } from '../address.js';
import { closeOptions } from '../close-options.js';
import type { Settings } from '../settings.js';
import type { CloseOptions, Listener } from '../types.js';
import type { Connections } from './connections.js';
import type { NodeSocket } from './socket.js';

/** A port bound with node:http. */
export class NodeListener implements Listener {
  readonly driver = 'node';
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly #server: Server;
  readonly #connections: Connections;
  readonly #sockets: ReadonlySet<NodeSocket>;
  #closing: Promise<void> | undefined;

  constructor(
    server: Server,
    { host }: Settings,
    connections: Connections,
    sockets: ReadonlySet<NodeSocket>,
  ) {
    const bound = server.address();
    this.host = host;
    this.port = bound !== null && typeof bound === 'object' ? bound.port : 0;
    this.address = formatAddress(host, this.port);
    this.#server = server;
    this.#connections = connections;
    this.#sockets = sockets;
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const asked = closeOptions(options);
    this.#closing ??= this.#close(asked);
    return this.#closing;
  }

  async #close({ graceMs, code, reason }: Required<CloseOptions>): Promise<void> {
    const gone = once(this.#server, 'close');
    this.#server.close();
    this.#connections.drain();
    for (const socket of this.#sockets) socket.close(code, reason);
    const deadline = setTimeout(() => this.#connections.cut(), graceMs);
    await gone;
    clearTimeout(deadline);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
