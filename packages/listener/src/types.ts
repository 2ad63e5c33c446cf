/** Which implementation serves a port. */
export type DriverName = 'uws' | 'node';

/** What the owner of a port asks for; `auto` lets {@link chooseDriver} decide. */
export type DriverChoice = DriverName | 'auto';

/**
 * Who a port is meant for. `auto` takes uws for `workers` whenever a native build loads, and for `public`
 * only when the official, current build is installed.
 */
export type Audience = 'workers' | 'public';

/** Header names are lower-case; a repeated header appears once per line, in the order received. */
export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

export interface ListenOptions {
  /** Name or address to bind. Default `127.0.0.1`. */
  readonly host?: string;
  /** 0 binds an ephemeral port, readable from {@link Listener.port}. */
  readonly port: number;
  readonly driver?: DriverChoice;
  /** Default `public`, the cautious one. */
  readonly audience?: Audience;
  /** Milliseconds a connection may take to deliver its request headers. Default 10 000. uws always uses about 10 s. */
  readonly headerTimeoutMs?: number;
  /** Milliseconds an HTTP connection may stay idle between two requests. Default 10 000. uws always uses about 10 s. */
  readonly keepAliveTimeoutMs?: number;
  /**
   * Bytes of one inbound WebSocket message; a larger one closes the socket with 1009. Default 64 MiB, at most 1 GiB.
   * On uws the peer sees the 1009 up to twice this size (or 1 MiB more); beyond that it is cut without a close frame.
   */
  readonly maxMessageBytes?: number;
  /**
   * Decides over every WebSocket upgrade. Handshakes that are not sound (version, key) have been answered with 400
   * by then. Absent: every upgrade is answered by `onRequest`. If it throws, the upgrade is refused with 500.
   */
  readonly onUpgrade?: (request: RequestHead) => UpgradeDecision | Promise<UpgradeDecision>;
  /** Answers every other request. If it throws, the answer is 500, or is cut where it has begun. */
  readonly onRequest: (request: HttpRequest, response: HttpResponse) => void;
  /** Hears what the callbacks of the owner throw. Absent: such errors become process warnings. */
  readonly onError?: (error: unknown) => void;
}

export interface Listener extends AsyncDisposable {
  readonly driver: DriverName;
  readonly host: string;
  /** The port actually bound. */
  readonly port: number;
  /** `host:port`, IPv6 hosts in brackets. */
  readonly address: string;
  /**
   * Stops accepting at once and closes idle HTTP connections. Requests being answered may finish within
   * `graceMs` (default 0); WebSockets still open are closed with `code` (default 1001) and `reason`. At the
   * deadline whatever is left is cut. Resolves when no socket of this port is left. Idempotent: later calls wait
   * for the first.
   *
   * uws does not show its idle HTTP connections: they are closed when nothing is being answered any more, and a
   * request that comes on one of them before that gets 503. WebSockets have 250 ms to take in a close frame that has left.
   * @throws ListenerError (as a rejection) `invalid_close_code`.
   */
  close(options?: CloseOptions): Promise<void>;
}

export interface CloseOptions {
  readonly graceMs?: number;
  readonly code?: number;
  readonly reason?: string;
}

/**
 * What is known of a request before its body. Plain data: valid for as long as anyone keeps it. Texts have one
 * character per byte, as HTTP has; uws loses bytes beyond ASCII that are not UTF-8 or stand at the end of a value.
 */
export interface RequestHead {
  /** As sent, case kept. */
  readonly method: string;
  /** Raw path, not decoded, without the query. */
  readonly path: string;
  /** Raw text after the first `?`, without it; empty when there is none. */
  readonly query: string;
  readonly headers: HeaderList;
  /** First value of a header, by lower-case name. */
  header(name: string): string | undefined;
  /** Peer address without port; an IPv4-mapped IPv6 address is given as IPv4. */
  readonly remoteAddress: string;
}

export type UpgradeDecision =
  | {
      /** Called once the socket is open; returns what receives its events. */
      readonly accept: (socket: Socket) => SocketEvents;
      /** Sub-protocol to answer with; must be one the client offered. */
      readonly protocol?: string;
    }
  | { readonly reject: HttpAnswer };

export interface HttpAnswer {
  readonly status: number;
  readonly headers?: HeaderList;
  readonly body?: string | Uint8Array;
}

/**
 * `sent`: handed to the kernel. `buffered`: kept in memory, counted in `bufferedBytes`, `drained` will follow.
 * `closed`: the socket is gone and the data with it.
 */
export type SendOutcome = 'sent' | 'buffered' | 'closed';

/** Makes one text message of several, of at least two. */
export type JoinTexts = (messages: readonly Uint8Array[]) => Uint8Array;

/** One accepted WebSocket. Every method is safe to call at any time, also after the end. */
export interface Socket {
  readonly remoteAddress: string;
  /** Sub-protocol agreed at the upgrade. */
  readonly protocol: string | undefined;
  /** Whether `pause` stops reading. node: true. uws: false. */
  readonly canPause: boolean;
  /** Bytes accepted by `send*` that the kernel has not taken yet. */
  readonly bufferedBytes: number;
  /**
   * Bytes given as Uint8Array must be UTF-8, and must not be changed before they have left. Unbounded: the caller
   * watches `bufferedBytes`. A message over 1 MiB leaves as fragments of 256 KiB, a shorter one as a single frame.
   */
  sendText(data: string | Uint8Array): SendOutcome;
  /**
   * As `sendText`, for messages of which there are many: a short one leaves when this turn of the event loop ends,
   * together with what else is posted by then. It keeps its place among what is sent otherwise. `sent`: it is handed
   * to the kernel then, and counts in `bufferedBytes` until it has been.
   */
  postText(data: Uint8Array): SendOutcome;
  /** From now on, what is posted leaves as one message where it leaves together: as the one that `join` makes of it. */
  joinPosted(join: JoinTexts): void;
  /**
   * As `sendText`, of a message that is these pieces one after the other: none of them need be copied to be sent. Each
   * leaves as a fragment, or as several.
   */
  sendTextPieces(pieces: readonly Uint8Array[]): SendOutcome;
  sendBinary(data: Uint8Array): SendOutcome;
  /** At most 125 bytes. Passes the messages that wait, except for about 256 KiB of them or one frame. */
  ping(payload?: Uint8Array): void;
  /** No-op where `canPause` is false. Control frames may be delayed while paused. */
  pause(): void;
  resume(): void;
  /**
   * Starts the closing handshake: what was sent before has 5 s to leave, the close frame follows, and the peer has
   * about as long to answer it, then the connection is cut. Nothing but `closed` is told from here on, and that as
   * soon as the close frame has left. A reason longer than 123 bytes is cut.
   * @throws ListenerError `invalid_close_code`.
   */
  close(code: number, reason?: string): void;
  /** Cuts the connection without a close frame. What waits is lost. */
  terminate(): void;
}

/** What the owner of a socket wants to hear. Never called after `closed`. If one throws, the socket closes with 1011. */
export interface SocketEvents {
  /** The bytes belong to the receiver. Text is valid UTF-8. */
  message(data: Uint8Array, isBinary: boolean): void;
  /** After `buffered`: everything has reached the kernel. */
  drained?(): void;
  /** Any inbound control frame. Pings have already been answered. */
  ping?(): void;
  pong?(): void;
  /**
   * Exactly once, and never from within a call of the owner. The code of the peer's close frame, or of one's own
   * `close`. 1005: close frame without a status. 1006: connection lost without a close frame. 1009: message over the
   * limit. 1007: text that is not UTF-8 (on uws the peer sees the connection cut). 1002: broken frame (1006 on uws,
   * also for the peer codes 1012 to 3999, which it takes for broken).
   */
  closed(code: number, reason: string): void;
}

/** A request with its body. Nothing of the body is read before `read` is called. */
export interface HttpRequest extends RequestHead {
  /**
   * Starts delivering the body, never from within this call. May be called once, at any time before the response is
   * complete.
   * @throws ListenerError `body_already_read`.
   */
  read(events: BodyEvents): void;
  /** Stops and restarts delivery; the client is held back by TCP. Its leaving may be noticed late while paused. */
  pause(): void;
  resume(): void;
}

export interface BodyEvents {
  /** The bytes belong to the receiver. */
  data(chunk: Uint8Array): void;
  end(): void;
  /** The client went away or broke the framing, or the response was complete, before the end. Nothing follows. */
  aborted(): void;
}

/**
 * The answer to one request. Every method is safe to call after the end and then does nothing. Framing belongs to the
 * listener: of the headers given, `content-length`, `transfer-encoding`, `keep-alive` and `upgrade` are ignored (a
 * `content-length` is kept for HEAD and 304 without a body), and `connection: close` ends the connection afterwards.
 */
export interface HttpResponse {
  /** True once the answer is complete, the client is gone, or `abort` was called. */
  readonly closed: boolean;
  /** On uws, up to 16 KiB of a streamed answer may wait in the library without being counted. */
  readonly bufferedBytes: number;
  /**
   * A whole answer. `content-length` is set from the body; a HEAD request, 204 and 304 get no body bytes, and
   * HEAD keeps the content-length of the body it would have had.
   * @throws ListenerError `invalid_header`, `invalid_status`, `invalid_answer_order`: before anything is sent.
   */
  send(status: number, headers?: HeaderList, body?: string | Uint8Array): void;
  /**
   * Status and headers of an answer that is then written in pieces (chunked). Sent with the first piece or by `flush`.
   * @throws ListenerError as `send`.
   */
  start(status: number, headers?: HeaderList): void;
  /** Makes sure status and headers have left, before any piece exists. uws cannot: they leave with the first piece. */
  flush(): void;
  write(chunk: string | Uint8Array): SendOutcome;
  end(chunk?: string | Uint8Array): void;
  /** Cuts the connection so that the client sees the answer as truncated. */
  abort(): void;
  /** After `buffered`: everything has reached the kernel. */
  onDrained(listener: () => void): void;
  /** Exactly once: `completed` is false when the client went away or the answer was aborted. */
  onClosed(listener: (completed: boolean) => void): void;
}
