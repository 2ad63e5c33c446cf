interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same call can succeed later without a change. */
  readonly retryable: boolean;
}

/** Every error this package throws or rejects with. */
export const listenerErrors = {
  address_in_use: {
    meaning: 'another socket listens on this host and port',
    hint: 'stop the other process, or choose another port (0 picks a free one)',
    retryable: true,
  },
  address_unavailable: {
    meaning: 'the host does not resolve to an address of this machine',
    hint: 'use 127.0.0.1, 0.0.0.0, ::1, ::, or an address of a local interface',
    retryable: false,
  },
  permission_denied: {
    meaning: 'the operating system does not allow this process to bind the port',
    hint: 'use a port above 1023, or grant the permission to bind low ports',
    retryable: false,
  },
  listen_failed: {
    meaning: 'the port could not be bound for a reason outside this table',
    hint: 'see the cause',
    retryable: true,
  },
  driver_unavailable: {
    meaning: 'the driver that was asked for does not load here',
    hint: "use driver 'node' or 'auto', or install uWebSockets.js with a native binary for this Node.js",
    retryable: false,
  },
  invalid_option: {
    meaning: 'an option of listen() has an impossible value',
    hint: 'see ListenOptions',
    retryable: false,
  },
  invalid_header: {
    meaning: 'a response header name or value may not be written to the wire',
    hint: 'names are HTTP tokens; values are tab, printable ASCII and U+0080 to U+00FF, without CR, LF or NUL',
    retryable: false,
  },
  invalid_status: {
    meaning: 'a response status is not a final HTTP status',
    hint: 'use a whole number from 200 to 599',
    retryable: false,
  },
  invalid_close_code: {
    meaning: 'a WebSocket close code may not be sent by an endpoint',
    hint: 'use 1000-1003, 1007-1014 or 3000-4999',
    retryable: false,
  },
  invalid_ping: {
    meaning: 'a ping payload is too long for a control frame',
    hint: 'send at most 125 bytes',
    retryable: false,
  },
  invalid_answer_order: {
    meaning: 'the methods of a response were called in an impossible order',
    hint: 'call send() once, or start(), write() any number of times, end(); use abort() to give up a started answer',
    retryable: false,
  },
  protocol_not_offered: {
    meaning: 'the accepted sub-protocol is not among those the client offered',
    hint: 'choose one from the sec-websocket-protocol header, or leave protocol out',
    retryable: false,
  },
  body_already_read: {
    meaning: 'the body of one request was read twice',
    hint: 'call read() once per request',
    retryable: false,
  },
  body_too_large: {
    meaning: 'a request body is larger than the limit given to collectBody',
    hint: 'answer 413, raise the limit, or stream the body with read()',
    retryable: false,
  },
  body_aborted: {
    meaning: 'the client went away, or the answer was completed, before the request body had ended',
    hint: 'nothing to do: there is nobody left to answer',
    retryable: false,
  },
  body_backlog_overflow: {
    meaning:
      'uws only: a client went on uploading while it did not take its answer, past what may be kept in memory',
    hint: 'read the body before streaming the answer, or use the node driver',
    retryable: false,
  },
  send_buffer_overflow: {
    meaning:
      'uws only: a peer that does not read its answers sent pings until the library could hold no more of them',
    hint: 'nothing to do here: the peer has to read while it sends pings',
    retryable: false,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ListenerErrorCode = keyof typeof listenerErrors;

/** The one error class of this package. `message` says what happened to which value and what to do about it. */
export class ListenerError extends Error {
  override readonly name = 'ListenerError';
  readonly code: ListenerErrorCode;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(code: ListenerErrorCode, detail: string, options?: ErrorOptions) {
    const { hint, retryable } = listenerErrors[code];
    super(`${detail}: ${hint}`, options);
    this.code = code;
    this.hint = hint;
    this.retryable = retryable;
  }
}
