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
export async function untilWritten(
  step: () => Promise<unknown>,
  { clock, logger }: { readonly clock: Clock; readonly logger: Log },
  queue: string,
): Promise<void> {
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      await step();
      return;
    } catch (error) {
      if (!(error instanceof StorageError) || !error.retryable) throw error;
      logger.warn({ err: error, queue, retry_in_ms: pause }, 'the store refuses what has become of a job');
      await new Promise<void>((resolve) => clock.setTimeout(resolve, pause));
    }
  }
}
