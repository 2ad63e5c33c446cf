import type { Transport, TransportEvents } from './transport.js';

/** What an end hears of its connection. */
export interface AttachmentEvents {
  opened(transport: Transport): void;
  /** Nothing follows once the end has said goodbye. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** As {@link TransportEvents.closed}. */
  closed(code: number, reason: string, error?: Error): void;
}

interface Goodbye {
  readonly code: number;
  readonly reason: string;
}

/** *idle* → *connecting* → *open* → *closing* → *over*; *over* from any of them, for good. */
type Life =
  | { readonly phase: 'idle' }
  | { readonly phase: 'connecting'; readonly goodbye?: Goodbye }
  | { readonly phase: 'open'; readonly transport: Transport }
  | { readonly phase: 'closing' }
  | { readonly phase: 'over' };

/**
 * The life of an end’s one connection: made when first needed, never made again (sdk-node.md §11.5). A goodbye is
 * said even where it is the first use, because the other end waits for it.
 */
export class Attachment {
  #life: Life = { phase: 'idle' };

  constructor(
    private readonly connectTo: (events: TransportEvents) => Transport,
    private readonly owner: AttachmentEvents,
  ) {}

  /** The connection, while messages can be sent. */
  get transport(): Transport | undefined {
    return this.#life.phase === 'open' ? this.#life.transport : undefined;
  }

  /** Connects, unless that was done before. */
  connect(): void {
    if (this.#life.phase === 'idle') this.#connect({ phase: 'connecting' });
  }

  /** Says goodbye, connecting for it if need be. Until there is a connection, the last goodbye counts. */
  close(code: number, reason: string): void {
    const life = this.#life;
    const goodbye = { code, reason };
    if (life.phase === 'idle') this.#connect({ phase: 'connecting', goodbye });
    else if (life.phase === 'connecting') this.#life = { phase: 'connecting', goodbye };
    else if (life.phase === 'open') this.#close(life.transport, goodbye);
  }

  #connect(life: Life): void {
    this.#life = life;
    const transport = this.connectTo({
      opened: () => this.#opened(transport),
      message: (data, isBinary) => {
        if (this.#life.phase === 'open') this.owner.message(data, isBinary);
      },
      closed: (code, reason, error) => {
        this.#life = { phase: 'over' };
        this.owner.closed(code, reason, error);
      },
    });
  }

  #opened(transport: Transport): void {
    const life = this.#life;
    if (life.phase !== 'connecting') return;
    if (life.goodbye !== undefined) {
      this.#close(transport, life.goodbye);
      return;
    }
    this.#life = { phase: 'open', transport };
    this.owner.opened(transport);
  }

  #close(transport: Transport, { code, reason }: Goodbye): void {
    this.#life = { phase: 'closing' };
    transport.close(code, reason);
  }
}
