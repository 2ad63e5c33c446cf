import { CLOSE } from '../wire.js';

interface HubErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same can succeed later without a change. */
  readonly retryable: boolean;
}

/** Everything this folder throws. */
export const HUB_ERRORS = {
  hub_closed: {
    meaning: 'The engine is shutting down and makes no channels any more.',
    hint: 'Try again when it is back.',
    retryable: true,
  },
  too_many_channels: {
    meaning: 'The engine has as many channels as it may.',
    hint: 'Close channels that are not needed, or raise maxChannels.',
    retryable: true,
  },
  too_many_channels_of_owner: {
    meaning: 'One connection has as many channels as it may.',
    hint: 'Close channels that are not needed, or raise maxChannelsPerOwner.',
    retryable: true,
  },
  invalid_buffer_size: {
    meaning: 'A buffer size is not a number of items.',
    hint: 'Give a whole number from 1 to 1024, or leave it out.',
    retryable: false,
  },
  spool_full: {
    meaning: 'What waits on disk for readers is as much as it may be.',
    hint: 'Read faster, or raise spoolLimitBytes.',
    retryable: true,
  },
  disk_full: {
    meaning: 'The disk of the spool directory has no room left to give.',
    hint: 'Make room on it, or set spoolDirectory to a larger one.',
    retryable: true,
  },
  spool_failed: {
    meaning: 'What waits for a reader could not be written to disk, or read back.',
    hint: 'See that spoolDirectory exists and can be written, and the cause in the log.',
    retryable: false,
  },
} as const satisfies Readonly<Record<string, HubErrorEntry>>;

export type HubErrorCode = keyof typeof HUB_ERRORS;

export class HubError extends Error {
  override readonly name = 'HubError';

  /** @param detail what is wrong, naming the value; a sentence without its full stop. */
  constructor(
    readonly code: HubErrorCode,
    detail: string,
    options?: ErrorOptions,
  ) {
    super(`${detail}. ${HUB_ERRORS[code].hint}`, options);
  }

  get retryable(): boolean {
    return HUB_ERRORS[this.code].retryable;
  }

  get hint(): string {
    return HUB_ERRORS[this.code].hint;
  }
}

/** What an end is told with its close frame. */
export interface Verdict {
  readonly code: number;
  readonly reason: string;
}

/** Why ends are closed. Nothing else is ever told to one. */
export const VERDICTS = {
  complete: { code: CLOSE.normal, reason: '' },
  readerDone: { code: CLOSE.readerDone, reason: 'reader done' },
  shutdown: { code: 1012, reason: 'the engine is shutting down' },
  unavailable: { code: CLOSE.violation, reason: 'this end was attached before, or the channel is gone' },
  expired: { code: CLOSE.failed, reason: 'the other end was not attached in time' },
  ownerGone: {
    code: CLOSE.failed,
    reason: 'the worker that made the channel has left before the other end was attached',
  },
} as const satisfies Readonly<Record<string, Verdict>>;

export function failed(reason: string): Verdict {
  return { code: CLOSE.failed, reason };
}

export function violation(reason: string): Verdict {
  return { code: CLOSE.violation, reason };
}

/** For the other end of a connection that ended badly. */
export function aborted(who: 'reader' | 'writer', code: number, reason: string): Verdict {
  return failed(`${who} aborted (${code}${reason === '' ? '' : `: ${reason}`})`);
}

/** For both ends when what waits between them could not be kept. */
export function notKept(error: unknown): Verdict {
  if (!(error instanceof HubError)) throw error;
  if (error.code === 'spool_failed') return failed('what waits for the reader could not be kept on disk');
  return {
    code: CLOSE.overflow,
    reason: `the reader does not keep up: ${error.code === 'disk_full' ? 'the disk is full' : 'the spool is full'}`,
  };
}
