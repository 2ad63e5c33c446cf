import { ERROR_CODES, type ErrorBody, type ErrorCode } from 'iii-protocol';

/** A refusal or failure that the party it concerns is told about. Codes are those of `ERROR_CODES` in iii-protocol. */
export class EngineError extends Error {
  override readonly name = 'EngineError';

  constructor(
    readonly code: ErrorCode,
    message: string,
  ) {
    super(message);
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }

  get hint(): string {
    return ERROR_CODES[this.code].hint;
  }
}

/** The wire form of anything thrown: an {@link EngineError} keeps its code, the rest are defects and say so. */
export function toErrorBody(error: unknown, fallback: ErrorCode = 'invocation_failed'): ErrorBody {
  if (error instanceof EngineError) return { code: error.code, message: error.message };
  return { code: fallback, message: error instanceof Error ? error.message : String(error) };
}
