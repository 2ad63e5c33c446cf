import type { HttpRequest } from 'iii-listener';
import type { BodyShare } from './body-budget.js';

/** A body that was read whole, or why it was not. */
export type Body =
  | { readonly outcome: 'read'; readonly bytes: Uint8Array }
  | { readonly outcome: 'too_large' }
  /** There is no memory for it among the other bodies. */
  | { readonly outcome: 'no_room' }
  /** The client went away before its end (spec/worker-http.md §20.15). */
  | { readonly outcome: 'aborted' };

/** Reads a whole body of up to `limit` bytes. One that is refused is not read any further. */
export function readBody(request: HttpRequest, limit: number, share: BodyShare): Promise<Body> {
  return new Promise((resolve) => {
    if (Number(request.header('content-length') ?? 0) > limit) {
      resolve({ outcome: 'too_large' });
      return;
    }
    const chunks: Uint8Array[] = [];
    let total = 0;
    const refuse = (outcome: 'too_large' | 'no_room') => {
      chunks.length = 0;
      request.pause();
      resolve({ outcome });
    };
    request.read({
      data(chunk) {
        total += chunk.length;
        if (total > limit) refuse('too_large');
        else if (share.take(chunk.length)) chunks.push(chunk);
        else refuse('no_room');
      },
      end: () => resolve({ outcome: 'read', bytes: Buffer.concat(chunks, total) }),
      aborted: () => resolve({ outcome: 'aborted' }),
    });
  });
}
