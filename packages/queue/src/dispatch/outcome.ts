import { InvocationError } from 'iii-sdk';

/** How an attempt ended. */
export type Outcome =
  /** The handler has done it, or the condition said that it need not. */
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string }
  /** Whoever was at it is gone: it counts only when that happens again and again (spec/worker-queue.md §8.3). */
  | { readonly kind: 'interrupted'; readonly code: string; readonly message: string }
  /** Nobody offers the function: it has not been tried (§8.4). */
  | { readonly kind: 'missing'; readonly functionId: string }
  /** It could not be tried just now. */
  | { readonly kind: 'deferred' }
  /** Somebody wants it no more. */
  | { readonly kind: 'cancelled' }
  /** It has no attempt left, the last ones having ended with this process. */
  | { readonly kind: 'exhausted' }
  /** This worker stops, and leaves it to the next. */
  | { readonly kind: 'released' };

const GONE = new Set(['invocation_stopped', 'CONNECTION_LOST']);
/** Nobody has got the call. One after the other would soon be too often: they come while a connection is closing. */
const NOT_SENT = new Set(['too_many_invocations', 'channel_send_failed']);

/** What an error of the call says about the attempt. */
export function outcomeOf(error: unknown, functionId: string): Outcome {
  if (!(error instanceof InvocationError)) {
    return { kind: 'failed', code: 'invocation_failed', message: String(error) };
  }
  const { code } = error;
  const message = error.message.slice(`${code}: `.length);
  if (GONE.has(code)) return { kind: 'interrupted', code, message };
  if (NOT_SENT.has(code)) return { kind: 'deferred' };
  if (code === 'function_not_found' && isAbout(functionId, message)) return { kind: 'missing', functionId };
  return { kind: 'failed', code, message };
}

/** Whether the function itself is missing, and not one that it calls. The second text is that of a client. */
function isAbout(functionId: string, message: string): boolean {
  return message.includes(`Function ${functionId} not found`) || message === 'Function not found';
}
