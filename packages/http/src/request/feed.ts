import type { Writable } from 'node:stream';
import type { HttpRequest } from 'iii-listener';

/**
 * Hands on a body as it arrives: a reader that does not keep up holds the client back through TCP. When the reader
 * wants no more, the rest is read and thrown away, because clients may read no answer before they have sent it.
 *
 * A body that is cut off destroys the stream, so that it does not look complete (spec/worker-http.md §20.15).
 */
export function feedBody(request: HttpRequest, stream: Writable): void {
  if (!hasBody(request)) {
    stream.end();
    return;
  }
  stream.on('drain', () => request.resume());
  stream.once('close', () => request.resume());
  request.read({
    data(chunk) {
      if (!stream.destroyed && !stream.write(chunk)) request.pause();
    },
    end: () => stream.end(),
    aborted() {
      if (!stream.destroyed) stream.destroy(new Error('the client went away before the end of its request'));
    },
  });
}

/** Otherwise there is nothing that could be cut off, however late it is read. */
function hasBody(request: HttpRequest): boolean {
  return (
    request.header('transfer-encoding') !== undefined || Number(request.header('content-length') ?? 0) > 0
  );
}
