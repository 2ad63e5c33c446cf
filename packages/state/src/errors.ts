import { HandlerError } from 'iii-sdk';
import { StorageError } from 'iii-storage';

interface ErrorEntry {
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same call or registration can succeed later without a change. */
  readonly retryable: boolean;
}

/** Every error of this package; all but the last are codes that callers of `state::*` see. */
export const stateErrors = {
  deserialization_error: {
    meaning: 'the payload of a call is not what the function takes; nothing was done',
    hint: 'the message names the field; engine::functions::info has the whole schema',
    retryable: false,
  },
  VALUE_TOO_LARGE: {
    meaning: 'a value is larger than max_value_bytes; nothing was stored',
    hint: 'send it through a channel and keep where it went, or raise max_value_bytes',
    retryable: false,
  },
  RESULT_TOO_LARGE: {
    meaning: 'what was asked for does not fit into one message',
    hint: 'state::scan gives values in pages',
    retryable: false,
  },
  INVALID_CURSOR: {
    meaning: 'a cursor is not one that state::scan has given',
    hint: 'pass on the cursor of the page before as it is, or none to begin',
    retryable: false,
  },
  GET_ERROR: {
    meaning: 'the storage could not read a value',
    hint: 'the message says what the storage answered',
    retryable: true,
  },
  SET_ERROR: {
    meaning: 'the storage could not keep a value; nothing has changed',
    hint: 'the message says what the storage answered',
    retryable: true,
  },
  DELETE_ERROR: {
    meaning: 'the storage could not delete a value; nothing has changed',
    hint: 'the message says what the storage answered',
    retryable: true,
  },
  UPDATE_ERROR: {
    meaning: 'the storage could not keep the outcome of an update; nothing has changed',
    hint: 'the message says what the storage answered',
    retryable: true,
  },
  TRANSACTION_ERROR: {
    meaning: 'the storage could not keep the outcome of a transaction; nothing has changed',
    hint: 'the message says what the storage answered',
    retryable: true,
  },
  LIST_ERROR: {
    meaning: 'the storage could not read the values of a scope',
    hint: 'the message says what the storage answered',
    retryable: true,
  },
  LIST_GROUPS_ERROR: {
    meaning: 'the storage could not read the names of the scopes',
    hint: 'the message says what the storage answered',
    retryable: true,
  },
  invalid_trigger_config: {
    meaning: 'the config of a state trigger cannot be read',
    hint: 'it may have scope, key and condition_function_id, each a string or left out',
    retryable: false,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type StateErrorCode = keyof typeof stateErrors;

/** Codes for what the storage could not do, by what it was for. */
export type StorageFailureCode = Extract<StateErrorCode, `${string}_ERROR`>;

/** Refuses a call with a code its caller sees. The hint of the code is added to the message. */
export function refusal(code: StateErrorCode, detail: string): HandlerError {
  return new HandlerError(code, `${detail}: ${stateErrors[code].hint}`);
}

/** A failure of the storage as the caller sees it; what was refused already is passed on. */
export function failureOf(code: StorageFailureCode, error: unknown): unknown {
  if (error instanceof HandlerError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const what = stateErrors[code].meaning.split(';')[0];
  const cause = error instanceof StorageError ? `${error.code}: ${text} (${error.hint})` : text;
  return new HandlerError(code, `${what}: ${cause}`);
}

/** Refuses a trigger; the message is what its originator is told. */
export class StateTriggerError extends Error {
  override readonly name = 'StateTriggerError';
  readonly code = 'invalid_trigger_config';
  readonly retryable = stateErrors.invalid_trigger_config.retryable;

  constructor(detail: string) {
    super(`${detail}: ${stateErrors.invalid_trigger_config.hint}`);
  }
}
