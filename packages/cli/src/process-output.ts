import type { Writable } from 'node:stream';

/**
 * Writes to a stream whose reader may go away first, as `| head` does: that is no failure of the command, and no
 * reason to crash.
 */
export function writerTo(stream: Writable): (text: string) => void {
  let pending = 0;
  const ignoreBrokenPipe = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE') throw error;
  };
  const written = (): void => {
    // The stream tells its listeners of an error after it has told the writer.
    setImmediate(() => {
      if (--pending === 0) stream.off('error', ignoreBrokenPipe);
    });
  };
  return (text) => {
    if (pending++ === 0) stream.on('error', ignoreBrokenPipe);
    stream.write(text, written);
  };
}
