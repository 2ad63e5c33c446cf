interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same can succeed later without a change. */
  readonly retryable: boolean;
}

const STORE_HINT = 'the message says what the store, or the provider of the stream, answered';

/** What the functions of this package fail with (spec §2.1, §2.9). */
export const streamErrors = {
  deserialization_error: {
    meaning: 'the payload of a call does not have the form its function takes',
    hint: 'the message names the member and what was expected',
    retryable: false,
  },
  STREAM_SET_ERROR: { meaning: 'an item was not stored', hint: STORE_HINT, retryable: true },
  STREAM_GET_ERROR: { meaning: 'an item could not be read', hint: STORE_HINT, retryable: true },
  STREAM_DELETE_ERROR: { meaning: 'an item was not deleted', hint: STORE_HINT, retryable: true },
  STREAM_UPDATE_ERROR: { meaning: 'an item was not updated', hint: STORE_HINT, retryable: true },
  STREAM_GET_GROUP_ERROR: { meaning: 'a group could not be read', hint: STORE_HINT, retryable: true },
  STREAM_LIST_GROUPS_ERROR: {
    meaning: 'the groups of a stream could not be read',
    hint: STORE_HINT,
    retryable: true,
  },
  STREAM_LIST_ALL_ERROR: { meaning: 'the streams could not be read', hint: STORE_HINT, retryable: true },
  STREAM_SEND_ERROR: {
    meaning: 'an event could not be handed to subscribers',
    hint: 'functions bound to the stream may have been called with it',
    retryable: true,
  },
  JSON_ERROR: {
    meaning: 'the provider of a stream answered with something else than its operation takes',
    hint: 'return {old_value?, new_value} from set and update, and {old_value?} from delete',
    retryable: false,
  },
  STREAM_PROVIDER_UNAVAILABLE: {
    meaning: 'the stream is kept by a worker that is not connected',
    hint: 'start that worker again; to let the built-in store take the stream over, restart iii-stream',
    retryable: true,
  },
  trigger_config_invalid: {
    meaning: 'the config of a trigger does not have the form its type takes',
    hint: 'a stream trigger takes {stream_name, group_id?, item_id?, condition_function_id?}',
    retryable: false,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type StreamErrorCode = keyof typeof streamErrors;

/** The error class of this package. `message` says what happened to which value. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
  readonly retryable: boolean;

  constructor(
    readonly code: StreamErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${message}: ${streamErrors[code].hint}`, options);
    this.retryable = streamErrors[code].retryable;
  }
}

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly meaning: string;
  readonly hint: string;
}

/** How requests that do not become a socket are answered (§2.5, §2.6). */
export const refusals = {
  UPGRADE_REQUIRED: {
    status: 426,
    message: 'This is a WebSocket endpoint',
    meaning: 'an ordinary request for a path that is served to sockets only',
    hint: 'connect with a WebSocket client',
  },
  NOT_FOUND: {
    status: 404,
    message: 'Not Found',
    meaning: 'nothing is served on this path',
    hint: 'connect to / or /stream/<stream>/<group>[/<item>], each part percent-encoded',
  },
  UNAUTHORIZED: {
    status: 401,
    message: 'Unauthorized',
    meaning: 'the auth function failed, did not answer in time, or returned no object',
    hint: 'send what the auth function asks for; its failure is in the log of the worker',
  },
  ORIGIN_NOT_ALLOWED: {
    status: 403,
    message: 'Origin not allowed',
    meaning: 'the page that connects is not of an allowed origin',
    hint: 'add its origin to allowed_origins',
  },
  TOO_MANY_SOCKETS: {
    status: 503,
    message: 'Too many connections',
    meaning: 'as many sockets are open as may be',
    hint: 'connect again later, or raise limits.max_sockets',
  },
} as const satisfies Readonly<Record<string, Refusal>>;

export type RefusalCode = keyof typeof refusals;

/** Why this worker closes sockets: the code and reason their clients see (RFC 6455 §7.4). */
export const closes = {
  shutdown: { code: 1001, reason: 'the stream worker is stopping' },
  moved: { code: 1012, reason: 'the stream worker serves on another address now' },
  path_join_refused: { code: 1008, reason: 'not authorized to join' },
  message_too_large: { code: 1009, reason: 'message too large: see limits.max_message_bytes' },
  too_many_messages: { code: 1008, reason: 'too many messages: see limits.messages_per_second' },
  too_many_subscriptions: { code: 1008, reason: 'too many subscriptions: see limits.max_subscriptions' },
  sync_failed: { code: 1011, reason: 'what it follows could not be read' },
  too_slow: { code: 1013, reason: 'does not read what it has subscribed to' },
} as const satisfies Readonly<Record<string, { readonly code: number; readonly reason: string }>>;

export type CloseCause = keyof typeof closes;
