import { type Listener, ListenerError, type ListenOptions, listen } from 'iii-listener';
import type { Log } from 'iii-protocol';
import type { Endpoint } from 'iii-worker';
import { LARGEST_MESSAGE, type StreamConfig } from '../config.js';
import { type CloseCause, closes } from '../errors.js';

export type Address = Pick<StreamConfig, 'host' | 'port' | 'driver'>;

export interface PortOptions extends Required<Pick<ListenOptions, 'onRequest' | 'onUpgrade'>> {
  readonly logger: Log;
}

/** The port that sockets come in by, which can change while it is served. */
export class Port {
  /** Listeners that finish what they have. */
  readonly #closing = new Set<Promise<void>>();

  private constructor(
    private address: Address,
    private listener: Listener,
    private readonly options: PortOptions,
  ) {}

  /** @throws ListenerError when the address cannot be bound. */
  static async open(address: Address, options: PortOptions): Promise<Port> {
    return new Port(address, await bind(address, options), options);
  }

  get endpoint(): Endpoint {
    const { address, driver } = this.listener;
    return { purpose: 'ws', address, driver };
  }

  /**
   * Binds another address; sockets of the one before are closed with 1012, and find the new one. Where both overlap, the
   * old one is released first, and bound again when the new one cannot be.
   *
   * @throws ListenerError when the new address cannot be bound; the old one is served as before.
   */
  async move(address: Address): Promise<void> {
    const { address: before, listener: previous } = this;
    if (address.host === before.host && address.port === before.port && address.driver === before.driver)
      return;
    try {
      this.listener = await bind(address, this.options);
      this.#retire(previous, 'moved');
    } catch (error) {
      const isTaken = error instanceof ListenerError && error.code === 'address_in_use';
      if (!isTaken || address.port !== previous.port) throw error;
      this.#retire(previous, 'moved');
      this.listener = await bind(address, this.options).catch(async (failure: unknown) => {
        this.listener = await bind({ ...before, port: previous.port }, this.options);
        throw failure;
      });
    }
    this.address = address;
    const { address: bound, driver } = this.listener;
    this.options.logger.info({}, `stream moved to ${bound} (driver ${driver})`);
  }

  /** Closes every socket. Resolves when none is left. */
  async close(): Promise<void> {
    this.#retire(this.listener, 'shutdown');
    await Promise.all(this.#closing);
  }

  #retire(listener: Listener, cause: CloseCause): void {
    const closing = listener.close(closes[cause]).finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

function bind({ host, port, driver }: Address, { logger, ...handlers }: PortOptions): Promise<Listener> {
  return listen({
    host,
    port,
    driver,
    audience: 'public',
    maxMessageBytes: LARGEST_MESSAGE,
    ...handlers,
    onError: (error) => logger.error({ err: error }, 'a socket failed'),
  });
}
