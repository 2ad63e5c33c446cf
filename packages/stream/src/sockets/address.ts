import type { Attendance } from '../bindings/attendance.js';

/** What a socket that connects to a path follows from the beginning, but for the id of its subscription. */
export type PathJoin = Omit<Attendance, 'subscriptionId'>;

/**
 * What a path stands for: `/`, where sockets say themselves what they follow, or `/stream/<stream>/<group>[/<item>]`
 * (spec §2.13.15). Undefined: nothing.
 */
export function readPath(path: string): { readonly join: PathJoin | undefined } | undefined {
  if (path === '/') return { join: undefined };
  const [empty, root, ...parts] = path.split('/');
  if (empty !== '' || root !== 'stream' || parts.length < 2 || parts.length > 3) return undefined;
  const [streamName, groupId, id] = parts.map(decoded);
  if (streamName === undefined || groupId === undefined) return undefined;
  if (parts.length === 3 && id === undefined) return undefined;
  return { join: { streamName, groupId, id } };
}

/** Undefined for an empty part, and for one that is not percent-encoded UTF-8. */
function decoded(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}
