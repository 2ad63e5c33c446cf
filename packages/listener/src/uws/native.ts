/**
 * The parts of uWebSockets.js that are used, declared here because the package is optional and its own types come
 * in several versions. Every method of a response or a socket throws once that object is over.
 */
export interface NativeModule {
  App(): NativeApp;
  us_listen_socket_close(socket: NativeListenSocket): void;
  us_socket_local_port(socket: NativeListenSocket): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  readonly DISABLED: number;
  /** `silent` keeps the server from naming itself in every response. */
  _cfg?(setting: string): void;
}

export type NativeListenSocket = object;

export interface NativeApp {
  any(pattern: string, handler: (res: NativeResponse, req: NativeRequest) => void): NativeApp;
  ws<Data>(pattern: string, behavior: NativeBehavior<Data>): NativeApp;
  listen(
    host: string,
    port: number,
    options: number,
    bound: (socket: NativeListenSocket | false) => void,
  ): void;
  /** Cuts every connection of the app and closes its listen socket. */
  close(): void;
}

export interface NativeBehavior<Data> {
  readonly maxPayloadLength: number;
  readonly maxBackpressure: number;
  readonly maxLifetime: number;
  readonly idleTimeout: number;
  readonly compression: number;
  readonly sendPingsAutomatically: boolean;
  upgrade(res: NativeResponse, req: NativeRequest, context: NativeContext): void;
  open(ws: NativeWebSocket<Data>): void;
  message(ws: NativeWebSocket<Data>, data: ArrayBuffer, isBinary: boolean): void;
  drain(ws: NativeWebSocket<Data>): void;
  ping(ws: NativeWebSocket<Data>): void;
  pong(ws: NativeWebSocket<Data>): void;
  close(ws: NativeWebSocket<Data>, code: number, reason: ArrayBuffer): void;
}

export type NativeContext = object;

/** Only valid until the handler returns. */
export interface NativeRequest {
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getQuery(): string | undefined;
  forEach(each: (name: string, value: string) => void): void;
  /** Passes the request on to the next matching route. */
  setYield(yielded: boolean): void;
}

/** Writes are only made inside `cork`, the library warns on the console otherwise. */
export interface NativeResponse {
  writeStatus(status: string): void;
  writeHeader(name: string, value: string | Uint8Array): void;
  /** One chunk. False: bytes given so far are waiting in the library's memory. */
  write(chunk: Uint8Array): boolean;
  /** As much of a body of known size as the kernel takes: whether that was everything, whether the answer is over. */
  tryEnd(chunk: Uint8Array, total: number): [everything: boolean, over: boolean];
  end(body?: Uint8Array, closeConnection?: boolean): void;
  endWithoutBody(): void;
  getWriteOffset(): number;
  onWritable(handler: (offset: number) => boolean): void;
  onAborted(handler: () => void): void;
  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): void;
  pause(): void;
  resume(): void;
  close(): void;
  cork(write: () => void): void;
  getRemoteAddress(): ArrayBuffer;
  upgrade(data: object, key: string, protocol: string, extensions: string, context: NativeContext): void;
}

export interface NativeWebSocket<Data = unknown> {
  /** 1: in the kernel. 0: waiting in the library's memory. 2: dropped, over maxBackpressure. */
  send(data: string | Uint8Array, isBinary: boolean, compress: boolean): number;
  /** The pieces of one message, in the order first, any number between, last. They return what `send` does. */
  sendFirstFragment(data: string | Uint8Array, isBinary: boolean, compress: boolean): number;
  sendFragment(data: string | Uint8Array, compress: boolean): number;
  sendLastFragment(data: string | Uint8Array, compress: boolean): number;
  /** What is sent within reaches the kernel together, up to 16 KiB. Calls back at once. */
  cork(send: () => void): void;
  /** True when it is subscribed now. */
  subscribe(topic: string): boolean;
  getBufferedAmount(): number;
  ping(payload?: Uint8Array): number;
  /** Sends a close frame and gives the socket up: the close handler runs at once. */
  end(code: number, reason: string): void;
  close(): void;
  /** A copy of the object given to `upgrade`, with the same properties. */
  getUserData(): Data;
}
