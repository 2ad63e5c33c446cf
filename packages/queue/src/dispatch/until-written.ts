import type { Clock, Log } from 'iii-protocol';
import { StorageError } from 'iii-storage';

const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Repeats a write that the disk refuses, a full one for instance, until it takes it: what it is about has happened
 * already. The job keeps its place meanwhile, so that a queue whose disk is full comes to a halt by itself.
 *
 * @throws StorageError when the store has been closed.
 */
export function untilWritten(
  step: () => Promise<unknown>,
  env: { readonly clock: Clock; readonly logger: Log },
  queue: string,
  pauseMs = FIRST_PAUSE_MS,
): Promise<unknown> {
  return step().catch(async (error: unknown) => {
    if (!(error instanceof StorageError) || !error.retryable) throw error;
    env.logger.warn(
      { err: error, queue, retry_in_ms: pauseMs },
      'the store refuses what has become of a job',
    );
    await new Promise<void>((resolve) => env.clock.setTimeout(resolve, pauseMs));
    await untilWritten(step, env, queue, Math.min(pauseMs * 2, LONGEST_PAUSE_MS));
  });
}
