interface ErrorEntry {
  /** Status it is answered with; absent for errors that do not answer a request. */
  readonly status?: number;
  /** Message of the answer. */
  readonly message?: string;
  readonly meaning: string;
  /** What the reader can do about it. */
  readonly hint: string;
  /** Whether the same request or registration can succeed later without a change. */
  readonly retryable: boolean;
}

/**
 * Every error of this package. Those with a status answer requests (spec/worker-http.md §8.3); a function that fails
 * is answered with its own code and 500. The others refuse a trigger (§2.4) or an answer of a function (§8.2).
 */
export const httpErrors = {
  NOT_FOUND: {
    status: 404,
    message: 'Not Found',
    meaning: 'no route matches the path',
    hint: 'paths are compared byte by byte, also at their end: /a and /a/ are two',
    retryable: true,
  },
  METHOD_NOT_ALLOWED: {
    status: 405,
    message: 'Method Not Allowed',
    meaning: 'the path has routes, none of them for this method',
    hint: 'the allow header lists the methods there are',
    retryable: false,
  },
  PAYLOAD_TOO_LARGE: {
    status: 413,
    message: 'Request body too large',
    meaning: 'a JSON body is larger than body_limit, or than what the engine takes in one message',
    hint: 'send less, or raise body_limit',
    retryable: false,
  },
  CONDITION_NOT_MET: {
    status: 422,
    message: 'Request condition not met',
    meaning: 'the condition function of the route returned nothing truthy',
    hint: 'see the condition_function_id of the trigger',
    retryable: false,
  },
  INTERNAL_ERROR: {
    status: 500,
    message: 'internal server error',
    meaning: 'the request could not be served, or the answer of a function could not be sent',
    hint: 'the log has a line with the same error_id',
    retryable: false,
  },
  SHUTTING_DOWN: {
    status: 503,
    message: 'The server is shutting down',
    meaning: 'the worker was told to stop at once before the request was answered',
    hint: 'the call may or may not have had its effect: retry if it is safe to run twice',
    retryable: true,
  },
  OVERLOADED: {
    status: 503,
    message: 'Too many request bodies at a time',
    meaning: 'the bodies of all requests together take as much memory as they may',
    hint: 'try again; lower concurrency_request_limit or body_limit if it happens often',
    retryable: true,
  },
  MIDDLEWARE_TIMEOUT: {
    status: 504,
    message: 'Middleware timeout',
    meaning: 'a middleware function had not answered when the time of the request was up',
    hint: 'see why it is slow, or raise default_timeout',
    retryable: true,
  },
  TIMEOUT: {
    status: 504,
    message: 'The request was not answered in time',
    meaning: 'the handler had not answered, or no place was free, when the time of the request was up',
    hint: 'see why it is slow, or raise default_timeout or concurrency_request_limit',
    retryable: true,
  },
  api_path_required: {
    meaning: 'a trigger has no path to serve',
    hint: 'set api_path in its config, for instance "/orders/:id"',
    retryable: false,
  },
  invalid_api_path: {
    meaning: 'the path of a trigger cannot be matched against requests',
    hint: 'segments are literal text, :name, {name}, or {*rest} at the end; write { and } as {{ and }}',
    retryable: false,
  },
  unsupported_method: {
    meaning: 'the method of a trigger is not one that is served',
    hint: 'use GET, POST, PUT, DELETE, PATCH, HEAD or OPTIONS',
    retryable: false,
  },
  route_conflict: {
    meaning: 'a route of another spelling matches the same requests',
    hint: 'spell the parameters of both alike, or unregister the other one first',
    retryable: true,
  },
  invalid_status: {
    meaning: 'a function answered with a status that cannot be sent',
    hint: 'use a whole number from 200 to 599',
    retryable: false,
  },
  header_injection: {
    meaning: 'a function answered with a header that has a line break or NUL in it',
    hint: 'encode what comes from outside before it goes into a header',
    retryable: false,
  },
  response_cut_off: {
    meaning: 'the channel that a response is written to failed before the first piece of it',
    hint: 'end the writer with end() or close(), or return a result; a handler that fails should throw',
    retryable: true,
  },
} as const satisfies Readonly<Record<string, ErrorEntry>>;

export type HttpErrorCode = keyof typeof httpErrors;

/** Codes that answer requests. */
export type AnswerCode = {
  [Code in HttpErrorCode]: (typeof httpErrors)[Code] extends { readonly status: number } ? Code : never;
}[HttpErrorCode];

/** The error class of this package. `message` says what happened to which value and what to do about it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly retryable: boolean;

  constructor(
    readonly code: Exclude<HttpErrorCode, AnswerCode>,
    detail: string,
    options?: ErrorOptions,
  ) {
    const { hint, retryable } = httpErrors[code];
    super(`${detail}: ${hint}`, options);
    this.retryable = retryable;
  }
}
