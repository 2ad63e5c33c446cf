import { CLOSE } from '../wire.js';

interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same can succeed later without a change. */
  readonly retryable: boolean;
}

/** Every error an end of a channel throws or fails with. */
export const channelErrors = {
  invalid_address: {
    meaning: 'the address of the engine, or what is sent to it, makes no WebSocket request',
    hint: 'give a URL such as ws://127.0.0.1:49134, and headers without line breaks',
    retryable: false,
  },
  connect_failed: {
    meaning: 'no connection to the engine could be made',
    hint: 'check the address, and that the engine runs; nothing was sent, so a new end on the same ref may succeed',
    retryable: true,
  },
  connect_refused: {
    meaning: 'the engine refused the connection',
    hint: 'check that the address is that of an engine, and what stands between it and this program',
    retryable: false,
  },
  channel_not_found: {
    meaning: 'the engine knows no such channel, or not with this key and direction',
    hint: 'a channel is gone when it has ended, or when an end did not connect in time; create another',
    retryable: false,
  },
  channel_taken: {
    meaning: 'this end of the channel was attached before',
    hint: 'each end can be attached once; create another channel',
    retryable: false,
  },
  connection_lost: {
    meaning: 'the connection was lost before the channel had ended',
    hint: 'what was under way may be lost; create another channel and start over',
    retryable: false,
  },
  reader_done: {
    meaning: 'the reader went away and wants no more (as EPIPE on a pipe)',
    hint: 'stop writing; if the reader should have stayed, see why it closed or destroyed its end',
    retryable: false,
  },
  peer_failed: {
    meaning: 'the other end of the channel failed, or the engine did',
    hint: 'the reason says why; what was received is incomplete',
    retryable: false,
  },
  overflow: {
    meaning: 'more was sent than the engine keeps for a reader that does not keep up',
    hint: 'wait for `drain` while writing, and see why the reader is slow',
    retryable: false,
  },
  protocol_violation: {
    meaning: 'one side sent what the channel protocol does not allow',
    hint: 'engine and client disagree about the protocol; use versions that belong together',
    retryable: false,
  },
  closed_abnormally: {
    meaning: 'the channel was closed before it had ended',
    hint: 'see the close code and the reason; what was received is incomplete',
    retryable: false,
  },
  writer_destroyed: {
    meaning: 'the writer was destroyed before it had ended',
    hint: 'end it with `stream.end()` or `close()` when all is written; create another channel',
    retryable: false,
  },
  writer_ended: {
    meaning: 'sendMessage was called after the writer had ended',
    hint: 'send everything before `stream.end()` or `close()`',
    retryable: false,
  },
  outbox_full: {
    meaning: 'more text waits to be sent than is kept',
    hint: 'when sendMessage returns false, wait for `await writer.drained()` before the next',
    retryable: true,
  },
} as const satisfies Record<string, ErrorEntry>;

export type ChannelErrorCode = keyof typeof channelErrors;

/** A channel was used in a way it does not allow. `message` says what happened and what to do about it. */
export class ChannelError extends Error {
  override readonly name: string = 'ChannelError';
  readonly code: ChannelErrorCode;
  readonly hint: string;
  readonly retryable: boolean;

  constructor(code: ChannelErrorCode, detail: string, options?: ErrorOptions) {
    const { hint, retryable } = channelErrors[code];
    super(`${detail}: ${hint}`, options);
    this.code = code;
    this.hint = hint;
    this.retryable = retryable;
  }
}

/** A channel came to an end that is not a clean one. Nothing after it is read or written. */
export class ChannelClosedError extends ChannelError {
  override readonly name = 'ChannelClosedError';
  /** WebSocket close code; 1006 when there was no closing handshake. */
  readonly closeCode: number;
  /** What the other side gave as its reason; empty when it gave none. */
  readonly reason: string;

  constructor(
    code: ChannelErrorCode,
    detail: string,
    close: { readonly closeCode?: number; readonly reason?: string; readonly cause?: unknown } = {},
  ) {
    super(code, detail, close.cause === undefined ? {} : { cause: close.cause });
    this.closeCode = close.closeCode ?? 1006;
    this.reason = close.reason ?? '';
  }
}

/** What an end fails with when its connection was closed, or lost, before the end of the channel. */
export function closedError(
  direction: 'read' | 'write',
  closeCode: number,
  reason: string,
  cause: Error | undefined,
): ChannelClosedError {
  if (cause instanceof ChannelClosedError) return cause;
  const why = reason === '' ? (cause?.message ?? '') : reason;
  const detail = `the channel was closed with ${closeCode}${why === '' ? '' : ` (${why})`}`;
  return new ChannelClosedError(codeOf(direction, closeCode), detail, { closeCode, reason, cause });
}

function codeOf(direction: 'read' | 'write', closeCode: number): ChannelErrorCode {
  switch (closeCode) {
    case 1006:
      return 'connection_lost';
    case CLOSE.readerDone:
      return direction === 'write' ? 'reader_done' : 'closed_abnormally';
    case CLOSE.failed:
      return 'peer_failed';
    case CLOSE.overflow:
      return 'overflow';
    case CLOSE.violation:
      return 'protocol_violation';
    default:
      return 'closed_abnormally';
  }
}

/** What was thrown, or given as a reason, as an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
