import { type HttpRequest, type HttpResponse, type Listener, ListenerError, listen } from 'iii-listener';
import type { Log } from 'iii-protocol';
import type { Endpoint } from 'iii-worker';
import type { HttpConfig } from '../config.js';

/** Where to serve. */
export type Address = Pick<HttpConfig, 'host' | 'port' | 'driver'>;

export interface PortOptions {
  readonly logger: Log;
  readonly onRequest: (request: HttpRequest, response: HttpResponse) => void;
}

/** Milliseconds that requests in flight get when their port closes (spec/worker-http.md §12.3). */
const CLOSE_GRACE_MS = 10_000;

/** The port that is served, which can change while it is. */
export class Port {
  readonly #options: PortOptions;
  /** Listeners that finish what they have. */
  readonly #closing = new Set<Promise<void>>();
  /** Moves and the close happen one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  #address: Address;
  #listener: Listener;

  private constructor(address: Address, listener: Listener, options: PortOptions) {
    this.#address = address;
    this.#listener = listener;
    this.#options = options;
  }

  /** @throws ListenerError when the address cannot be bound. */
  static async open(address: Address, options: PortOptions): Promise<Port> {
    return new Port(address, await bind(address, options), options);
  }

  get endpoint(): Endpoint {
    const { address, driver } = this.#listener;
    return { purpose: 'http', address, driver };
  }

  /**
   * Binds another address, then closes the one before. Where both overlap, the old one has to be released first; it
   * is bound again when the new one cannot be. Does nothing once the port is closed.
   *
   * @throws ListenerError when the new address cannot be bound; the old one is served as before.
   */
  move(address: Address): Promise<void> {
    return this.#inTurn(() => this.#move(address));
  }

  /** Stops accepting; requests in flight may finish. Resolves when no connection is left. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isClosed = true;
      this.#retire(this.#listener);
      await Promise.all(this.#closing);
    });
  }

  async #move(address: Address): Promise<void> {
    if (this.#isClosed || sameAddress(address, this.#address)) return;
    const previous = this.#listener;
    try {
      this.#listener = await bind(address, this.#options);
      this.#retire(previous);
    } catch (error) {
      if (!isTaken(error) || address.port !== previous.port) throw error;
      this.#retire(previous);
      this.#listener = await bind(address, this.#options).catch((failure) =>
        this.#restore(previous, failure),
      );
    }
    this.#address = address;
    const { address: bound, driver } = this.#listener;
    this.#options.logger.info({}, `http moved to ${bound} (driver ${driver})`);
  }

  /** @throws the failure itself, once the old address is served again. */
  async #restore({ port }: Listener, failure: unknown): Promise<never> {
    this.#listener = await bind({ ...this.#address, port }, this.#options);
    throw failure;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  #retire(listener: Listener): void {
    const closing = listener.close({ graceMs: CLOSE_GRACE_MS }).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

function bind({ host, port, driver }: Address, { logger, onRequest }: PortOptions): Promise<Listener> {
  return listen({
    host,
    port,
    driver,
    audience: 'public',
    onRequest,
    onError: (error) => logger.error({ err: error }, 'a connection failed'),
  });
}

function sameAddress(a: Address, b: Address): boolean {
  return a.host === b.host && a.port === b.port && a.driver === b.driver;
}

function isTaken(error: unknown): boolean {
  return error instanceof ListenerError && error.code === 'address_in_use';
}
