import { ERROR_CODES } from 'iii-protocol';

interface CliErrorEntry {
  readonly meaning: string;
  /** Whether the same command can succeed later without being changed. */
  readonly retryable: boolean;
  /** What to do about it; printed after the message. */
  readonly hint: string;
}

/** Everything that ends a command with status 1. What is wrong with its grammar ends it with 2 instead. */
export const CLI_ERRORS = {
  missing_function_path: {
    meaning: 'No function was named.',
    retryable: false,
    hint: 'Name one, as in `iii trigger math::add a=2 b=3`; `iii trigger engine::functions::list` lists what there is.',
  },
  expected_key_value: {
    meaning: 'A word of the payload is not a pair.',
    retryable: false,
    hint: 'Write each member as key=value, or the whole payload with --json.',
  },
  empty_key: {
    meaning: 'A pair of the payload has no name.',
    retryable: false,
    hint: 'Put a name before the first `=`.',
  },
  invalid_json: {
    meaning: 'The payload is not JSON.',
    retryable: false,
    hint: `Quote it for the shell, as in --json '{"a": 1}'.`,
  },
  unsupported_json: {
    meaning: 'The payload is JSON that engines do not take.',
    retryable: false,
    hint: 'Nest less deeply, and write surrogates in pairs.',
  },
  json_not_object: {
    meaning: 'Pairs cannot be merged into a payload that is not an object.',
    retryable: false,
    hint: 'Leave the pairs out, or give an object to --json.',
  },
  invalid_engine_url: {
    meaning: 'III_URL does not say where an engine is.',
    retryable: false,
    hint: 'Set it to ws://host:port or wss://host:port, or unset it.',
  },
  engine_unreachable: {
    meaning: 'There is no connection to be had.',
    retryable: true,
    hint: 'Start an engine with `iii`, or say where one is with --address and --port, --url, or III_URL.',
  },
  connection_refused: {
    meaning: 'Something answers there, but does not open a WebSocket.',
    retryable: false,
    hint: 'Check that this is the port workers connect to; credentials are given with --header name:value.',
  },
  registration_rejected: {
    meaning: 'The engine does not want this command as a worker.',
    retryable: true,
    hint: 'Try again when the other command has ended, or allow replicas with routing.replicas: shared.',
  },
  connection_lost: {
    meaning: 'The connection ended before the answer came.',
    retryable: true,
    hint: ERROR_CODES.CONNECTION_LOST.hint,
  },
  unreadable_answer: {
    meaning: 'What came over the connection is not a frame.',
    retryable: false,
    hint: 'Check that this is the port of an engine, of a version that fits this command.',
  },
  timed_out: {
    meaning: 'No answer came within the time allowed.',
    retryable: true,
    hint: 'The work may still be going on: allow more time with --timeout-ms.',
  },
  unknown_function: {
    meaning: 'No worker offers a function of this name.',
    retryable: true,
    hint: '`iii trigger engine::functions::list` lists what there is.',
  },
  data_damaged: {
    meaning: 'Stored data is not what was written.',
    retryable: false,
    hint: 'Check the disk. What is damaged is refused when it is read; `iii data restore` brings back a backup.',
  },
  worker_missing: {
    meaning: 'The worker that offers what the command needs is not there.',
    retryable: true,
    hint: 'Declare it under `workers` in config.yaml, or run it as a process of its own.',
  },
  unknown_queue: {
    meaning: 'A queue or topic of that name is not there.',
    retryable: true,
    hint: '`iii queue list` lists those there are.',
  },
  queue_refused: {
    meaning: 'The queue worker did not do what it was asked to.',
    retryable: true,
    hint: '`iii queue --help` shows how queues are named; the log of the engine may tell more.',
  },
  no_dead_letter: {
    meaning: 'A dead letter is not there.',
    retryable: false,
    hint: '`iii queue dlq list <QUEUE>` lists those there are.',
  },
  trigger_refused: {
    meaning: 'What was asked to be told about is not told.',
    retryable: true,
    hint: 'Check that the engine runs the worker that serves it, and what it takes.',
  },
  not_included: {
    meaning: 'A command of the official tool that this one will not have.',
    retryable: false,
    hint: '`iii --help` lists what there is.',
  },
} as const satisfies Readonly<Record<string, CliErrorEntry>>;

export type CliErrorCode = keyof typeof CLI_ERRORS;

/** A command that cannot do what it was asked to. */
export class CliError extends Error {
  override readonly name = 'CliError';

  /** @param message what is wrong, naming the value; a sentence without its full stop. */
  constructor(
    readonly code: CliErrorCode,
    message: string,
  ) {
    super(message);
  }

  get hint(): string {
    return CLI_ERRORS[this.code].hint;
  }
}

/** A call that was answered with an error. */
export class RemoteError extends Error {
  override readonly name = 'RemoteError';

  constructor(
    readonly code: string,
    message: string,
    readonly stacktrace: string | undefined,
  ) {
    super(message);
  }
}
