/** What could be read of a frame that was refused, so that whoever waits for an answer can be told. */
export interface Salvage {
  readonly type?: string;
  readonly invocation_id?: string;
  readonly id?: string;
  readonly trigger_type?: string;
  readonly function_id?: string;
}

/**
 * Why bytes are not an acceptable frame: `malformed` (not JSON, or outside its limits), `not_an_object`,
 * `no_type`, `unknown_type`, `invalid_member` (missing, duplicated, or of the wrong kind).
 */
export type CodecProblem = 'malformed' | 'not_an_object' | 'no_type' | 'unknown_type' | 'invalid_member';

/** The only error the codec throws. */
export class CodecError extends Error {
  override readonly name = 'CodecError';
  constructor(
    readonly problem: CodecProblem,
    message: string,
    readonly salvage: Salvage = {},
  ) {
    super(message);
  }
}
