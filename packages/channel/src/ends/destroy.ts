import type { Readable, Writable } from 'node:stream';
import { ChannelClosedError, toError } from './errors.js';

/** Destroys a stream with the reason of a signal, at once if that is aborted already. */
export function destroyOnAbort(stream: Readable | Writable, signal: AbortSignal): void {
  const destroy = () => void stream.destroy(toError(signal.reason));
  if (signal.aborted) {
    destroy();
    return;
  }
  signal.addEventListener('abort', destroy, { once: true });
  stream.once('close', () => signal.removeEventListener('abort', destroy));
}

/**
 * Makes an error that nobody listens for a warning of the process. Otherwise a program that uses one end would be
 * taken down by whoever holds the other. That a reader left is nothing to warn of: HTTP clients do it all the time.
 */
export function warnWhenUnheard(stream: Readable | Writable): void {
  stream.on('error', (error) => {
    const isReaderDone = error instanceof ChannelClosedError && error.code === 'reader_done';
    if (stream.listenerCount('error') === 1 && !isReaderDone) process.emitWarning(error);
  });
}
