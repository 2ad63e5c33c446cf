import type { ErrorBody, Expiring, RawJson } from 'iii-protocol';
import type { Session } from '../sessions/session.js';
import type { TraceContext } from '../trace-context.js';

/** How a call ended. Neither member: success without a value. */
export interface Outcome {
  readonly result?: RawJson;
  readonly error?: ErrorBody;
}

/** Who waits for the outcome of a call. */
export type Caller =
  | {
      readonly kind: 'session';
      readonly session: Session;
      /** The id the caller gave the call and expects in the answer. */
      readonly invocationId: string;
      /** The function as the caller spelled it. */
      readonly functionId: string;
      readonly trace: TraceContext;
    }
  | { readonly kind: 'engine'; readonly settle: (outcome: Outcome) => void };

/** One call a worker is executing. */
export interface Call {
  /** What the executor knows the call by; no other call it executes has it. */
  readonly id: string;
  readonly executor: Session;
  /** The connection the call counts against while it is in flight, also when nobody waits for it. */
  readonly origin: Session | undefined;
  /** Undefined once nobody waits any more: a void call, or the caller has left. */
  caller: Caller | undefined;
  /** What happens when the caller’s own deadline passes. */
  deadline: Expiring | undefined;
  /** Whether it has been counted among the failed ones. */
  failed: boolean;
}
