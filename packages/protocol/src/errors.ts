/** What a code means and what its reader can do about it. */
export interface ErrorEntry {
  readonly meaning: string;
  /** Whether the same call can succeed later without being changed. */
  readonly retryable: boolean;
  /** Status for front ends that speak HTTP. */
  readonly httpStatus: number;
  readonly hint: string;
}

/** Every code an engine or client of iii may put into an error body (protocol.md §14, §19). */
export const ERROR_CODES = {
  function_not_found: {
    meaning: 'No connected worker offers this function in this namespace.',
    retryable: true,
    httpStatus: 500,
    hint: 'Check the id with engine::functions::list, and that the worker offering it is running.',
  },
  invocation_failed: {
    meaning: 'The handler of the function threw.',
    retryable: false,
    httpStatus: 500,
    hint: 'The message and stack trace are those of the handler.',
  },
  function_not_invokable: {
    meaning: 'The function is called over HTTP by the engine and cannot run in the worker.',
    retryable: false,
    httpStatus: 500,
    hint: 'Call it through the engine.',
  },
  invocation_stopped: {
    meaning: 'The worker executing the call went away before it answered.',
    retryable: true,
    httpStatus: 500,
    hint: 'The call may or may not have had its effect: retry if it is safe to run twice.',
  },
  invocation_error: {
    meaning: 'The engine cannot keep track of the call.',
    retryable: false,
    httpStatus: 500,
    hint: 'Use a fresh invocation_id for every call.',
  },
  too_many_invocations: {
    meaning: 'This connection has as many calls in flight as it may.',
    retryable: true,
    httpStatus: 503,
    hint: 'Wait for answers before calling again, or raise limits.max_in_flight.',
  },
  too_many_registrations: {
    meaning: 'This connection has registered as much as it may.',
    retryable: false,
    httpStatus: 429,
    hint: 'Unregister what is not needed, share the work among several workers, or raise the limit.',
  },
  too_many_channels: {
    meaning: 'The engine, or the calling connection, has as many channels as it may.',
    retryable: true,
    httpStatus: 503,
    hint: 'Finish or close channels that are not needed.',
  },
  channel_send_failed: {
    meaning: 'The connection to the executing worker was closing when the call was dispatched.',
    retryable: true,
    httpStatus: 500,
    hint: 'Retry: the call did not reach a worker.',
  },
  enqueue_error: {
    meaning: 'The call could not be put into a queue.',
    retryable: true,
    httpStatus: 500,
    hint: 'Check that a queue worker is running and knows the queue.',
  },
  invalid_request: {
    meaning: 'The engine could not read the frame.',
    retryable: false,
    httpStatus: 400,
    hint: 'The message names the member and what it must hold.',
  },
  payload_too_large: {
    meaning: 'The message is larger than its receiver accepts.',
    retryable: false,
    httpStatus: 413,
    hint: 'Send the data through a channel.',
  },
  FORBIDDEN: {
    meaning: 'This session may not do that.',
    retryable: false,
    httpStatus: 403,
    hint: 'Grant it in the listener’s rbac section.',
  },
  INVALID_NAMESPACE: {
    meaning: 'A namespace was given but is blank.',
    retryable: false,
    httpStatus: 400,
    hint: 'Name a namespace, or leave the field out.',
  },
  deserialization_error: {
    meaning: 'An engine function was called with an input it cannot read.',
    retryable: false,
    httpStatus: 400,
    hint: 'The message names the field and what it must hold; engine::functions::info has the whole schema.',
  },
  serialization_error: {
    meaning: 'The outcome of an engine function has no JSON form.',
    retryable: false,
    httpStatus: 500,
    hint: 'Report it: this is a defect of the engine.',
  },
  INVALID_ARGUMENTS: {
    meaning: 'The arguments of an engine function contradict each other or exceed a limit.',
    retryable: false,
    httpStatus: 400,
    hint: 'The message says which.',
  },
  NOT_FOUND: {
    meaning: 'There is nothing of that name.',
    retryable: true,
    httpStatus: 404,
    hint: 'The listing functions (engine::…::list) show what there is.',
  },
  trigger_registration_failed: {
    meaning: 'The provider of the trigger type refused the binding.',
    retryable: false,
    httpStatus: 400,
    hint: 'The message is the provider’s and says what to change in the config.',
  },
  trigger_type_not_found: {
    meaning: 'The provider does not serve this trigger type.',
    retryable: true,
    httpStatus: 404,
    hint: 'Start the worker that serves it.',
  },
  trigger_id_conflict: {
    meaning: 'Another connection owns a binding of this id.',
    retryable: false,
    httpStatus: 409,
    hint: 'Choose ids that are unique across workers, for instance UUIDs.',
  },
  unregister_failed: {
    meaning: 'The provider could not release the binding, which is kept.',
    retryable: true,
    httpStatus: 500,
    hint: 'The message is the provider’s.',
  },
  AUTH_ERROR: {
    meaning: 'The session was not authenticated.',
    retryable: false,
    httpStatus: 401,
    hint: 'Check the credentials this worker connects with.',
  },
  WORKER_NAMESPACE_CONFLICT: {
    meaning: 'Another connection holds this worker name in this namespace.',
    retryable: false,
    httpStatus: 409,
    hint: 'Give the worker another name, or allow replicas with routing.replicas: shared.',
  },
  FUNCTION_NAMESPACE_CONFLICT: {
    meaning: 'This function cannot be offered: somebody else owns the id, or the engine refused it.',
    retryable: false,
    httpStatus: 409,
    hint: 'Offer it under another id, or allow replicas with routing.replicas: shared.',
  },
  TIMEOUT: {
    meaning: 'No answer came within the time allowed.',
    retryable: true,
    httpStatus: 504,
    hint: 'The work may still be going on: raise the timeout, or retry if it is safe to run twice.',
  },
  SHUTDOWN: {
    meaning: 'The client was shut down before the answer came.',
    retryable: false,
    httpStatus: 503,
    hint: 'Create a new client.',
  },
  CONNECTION_LOST: {
    meaning: 'The connection to the engine was lost while the call was in flight.',
    retryable: true,
    httpStatus: 503,
    hint: 'The call may or may not have had its effect: retry if it is safe to run twice.',
  },
  OFFLINE_QUEUE_FULL: {
    meaning: 'The client is not connected and keeps as many messages as it may for when it is.',
    retryable: true,
    httpStatus: 503,
    hint: 'Wait for the connection before calling again.',
  },
  UNKNOWN: {
    meaning: 'The error came in a form the client does not know.',
    retryable: false,
    httpStatus: 500,
    hint: 'The message holds the error as it was received.',
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The entry of a code, also of one that came over the wire and may be anybody’s. */
export function errorEntry(code: string): ErrorEntry | undefined {
  return Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as ErrorCode] : undefined;
}
