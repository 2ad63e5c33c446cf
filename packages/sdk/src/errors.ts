import type { ErrorBody } from 'iii-protocol';

export interface InvocationErrorInit {
  code: string;
  message: string;
  function_id?: string | undefined;
  stacktrace?: string | undefined;
}

/**
 * A call that failed: the function threw, was not there, or did not answer in time (sdk-node.md §10.1). `code` says
 * which; the codes are listed by `ERROR_CODES` of iii-protocol.
 */
export class InvocationError extends Error {
  override readonly name = 'InvocationError';
  readonly code: string;
  readonly function_id: string | undefined;
  /** Stack trace of the handler, where it sent one. */
  readonly stacktrace: string | undefined;

  constructor(init: InvocationErrorInit) {
    super(`${init.code}: ${init.message}`);
    this.code = init.code;
    this.function_id = init.function_id;
    this.stacktrace = init.stacktrace;
  }
}

export interface RegistrationRejectedInit {
  code: string;
  namespace: string;
  worker_name?: string | undefined;
  function_id?: string | undefined;
  owner_worker_id: string;
}

/** The engine refused what this client registered (sdk-node.md §10.3). */
export class RegistrationRejectedError extends Error {
  override readonly name = 'RegistrationRejectedError';
  readonly code: string;
  readonly namespace: string;
  readonly worker_name: string | undefined;
  readonly function_id: string | undefined;
  readonly owner_worker_id: string;

  constructor(init: RegistrationRejectedInit) {
    const subject =
      init.function_id === undefined
        ? `worker "${init.worker_name ?? '<unknown>'}"`
        : `function "${init.function_id}"`;
    super(
      `${init.code}: registration rejected for ${subject} in namespace "${init.namespace}" ` +
        `(already owned by worker ${init.owner_worker_id})`,
    );
    this.code = init.code;
    this.namespace = init.namespace;
    this.worker_name = init.worker_name;
    this.function_id = init.function_id;
    this.owner_worker_id = init.owner_worker_id;
  }
}

/**
 * Thrown by a handler to choose the code its caller sees; any other error arrives as `invocation_failed`.
 *
 * @example throw new HandlerError('OUT_OF_STOCK', `no ${sku} left`);
 */
export class HandlerError extends Error {
  override readonly name = 'HandlerError';

  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** Why a handler is told to stop, by the code of its {@link CancellationError}. */
export const CANCELLATION_CODES = {
  CANCELLED: 'The caller does not wait any more: it gave up, its time was over, or it is gone.',
  CONNECTION_LOST: 'The connection the call came over is lost, and its caller has been told so.',
  SHUTDOWN: 'This worker shuts down and waits no longer for what runs.',
} as const;

export type CancellationCode = keyof typeof CANCELLATION_CODES;

/**
 * The reason of the signal of a handler whose answer nobody waits for any more. Nothing is to be done about it but to
 * stop: throwing it on is fine, and is not logged.
 */
export class CancellationError extends Error {
  override readonly name = 'CancellationError';

  /** @param reason what was said about it; `TIMEOUT` when the time of the caller was over. */
  constructor(
    readonly code: CancellationCode,
    readonly reason: string,
  ) {
    super(`${code}: ${reason}`);
  }
}

/** Whether a value has the form of an error on the wire. */
export function isErrorBody(value: unknown): value is ErrorBody {
  if (typeof value !== 'object' || value === null) return false;
  const { code, message, stacktrace } = value as Record<string, unknown>;
  return (
    typeof code === 'string' &&
    typeof message === 'string' &&
    (stacktrace === undefined || typeof stacktrace === 'string')
  );
}
