import { InvocationError, type RegistrationRejectedError } from '../errors.js';

/**
 * *serving*: connected or trying to be. *draining*: nothing is offered any more, and what runs is finished. *failed*:
 * the link has given up. *rejected*: refused for good. *shut down*.
 */
export type ClientPhase =
  | { readonly phase: 'serving' }
  | { readonly phase: 'draining' }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'rejected'; readonly error: RegistrationRejectedError }
  | { readonly phase: 'shut down' };

/** Why nothing will ever be sent again, if that is so. */
export function refusalOf(now: ClientPhase, functionId: string): Error | undefined {
  switch (now.phase) {
    case 'serving':
    case 'draining':
      return undefined;
    case 'rejected':
      return now.error;
    case 'shut down':
      return shuttingDown();
    case 'failed': {
      const message = `${now.reason}, and no more attempts are made`;
      return new InvocationError({ code: 'CONNECTION_LOST', message, function_id: functionId });
    }
  }
}

export function shuttingDown(): Error {
  return new Error('iii is shutting down');
}
