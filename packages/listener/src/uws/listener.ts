import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import { formatAddress } from '../address.js';
import { closeOptions } from '../close-options.js';
import type { CloseOptions, Listener } from '../types.js';
import type { NativeApp, NativeListenSocket, NativeModule } from './native.js';
import type { Traffic } from './traffic.js';

/**
 * Milliseconds that WebSockets get to take their close frame in, once it has left. The library gives a socket up when
 * it sends the frame, so there is no event to wait for; without a pause, a peer that is still sending would be reset.
 */
const LINGER_MS = 250;

/** A port bound with uWebSockets.js. */
export class UwsListener implements Listener {
  readonly driver = 'uws';
  readonly host: string;
  readonly port: number;
  readonly address: string;
  readonly #module: NativeModule;
  readonly #app: NativeApp;
  readonly #listenSocket: NativeListenSocket;
  readonly #traffic: Traffic;
  #closing: Promise<void> | undefined;

  constructor(
    module: NativeModule,
    app: NativeApp,
    host: string,
    listenSocket: NativeListenSocket,
    traffic: Traffic,
  ) {
    this.host = host;
    this.port = module.us_socket_local_port(listenSocket);
    this.address = formatAddress(host, this.port);
    this.#module = module;
    this.#app = app;
    this.#listenSocket = listenSocket;
    this.#traffic = traffic;
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const asked = closeOptions(options);
    this.#closing ??= this.#close(asked);
    return this.#closing;
  }

  async #close({ graceMs, code, reason }: Required<CloseOptions>): Promise<void> {
    const deadline = performance.now() + graceMs;
    const { sockets } = this.#traffic;
    const lingers = sockets.size > 0;
    this.#module.us_listen_socket_close(this.#listenSocket);
    const quiet = this.#traffic.drain();
    for (const socket of sockets) socket.close(code, reason);
    await atMost(graceMs, quiet);
    if (lingers) await delay(Math.min(LINGER_MS, Math.max(0, deadline - performance.now())));
    // Never from within a callback of the library.
    await nextTurn();
    // Idle connections, those that did not make the deadline, and half-closed WebSockets.
    this.#app.close();
    // The library lets go of the handles in the following turn.
    await nextTurn();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

async function atMost(milliseconds: number, event: Promise<void>): Promise<void> {
  const timer = new AbortController();
  const deadline = delay(milliseconds, undefined, { signal: timer.signal }).catch(() => {});
  await Promise.race([event, deadline]);
  timer.abort();
}
