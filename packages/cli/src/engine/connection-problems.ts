import { JsonSyntaxError } from 'iii-protocol';
import { RegistrationRejectedError } from 'iii-sdk';
import { CliError } from '../errors.js';
import { singleLine } from '../text/remote-text.js';
import type { EngineTarget } from './target.js';

/** What became of a connection, in the words of somebody who wonders where their engine is. */
export function connectionProblem(
  error: unknown,
  stage: 'connecting' | 'connected',
  target: EngineTarget,
): CliError {
  const { place } = target;
  if (error instanceof JsonSyntaxError) {
    return new CliError('unreadable_answer', `what ${place} sent is not a frame: ${error.message}`);
  }
  if (error instanceof RegistrationRejectedError) {
    return new CliError(
      'registration_rejected',
      `the engine at ${place} refused this command: ${messageOf(error)}`,
    );
  }
  if (stage === 'connected') {
    const why = messageOf(error).replace(` to ${target.url}`, '');
    return new CliError('connection_lost', `lost the connection to ${place} before the answer came (${why})`);
  }
  const status = /^Unexpected server response: (\d+)$/.exec(messageOf(error))?.[1];
  if (status !== undefined) {
    return new CliError(
      'connection_refused',
      `the server at ${place} answered HTTP ${status} and opened no WebSocket`,
    );
  }
  return new CliError('engine_unreachable', `cannot reach an engine at ${place} (${reasonOf(error)})`);
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection was reset',
  ENOTFOUND: 'there is no host of this name',
  EAI_AGAIN: 'the name of the host cannot be looked up now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to its network',
  ETIMEDOUT: 'the host does not answer',
};

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (messageOf(error) || code);
}

/** In one line, since parts of it may come from the other side. */
function messageOf(error: unknown): string {
  return singleLine(error instanceof Error ? error.message : String(error));
}
