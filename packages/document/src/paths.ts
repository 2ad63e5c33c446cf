import { OperationError } from './errors.js';
import { OPERATION_LIMITS, RESERVED_NAMES } from './limits.js';

/** Refuses a path before anything is touched (workers-state-stream-pubsub-cron.md §1.5.3). @throws OperationError */
export function checkPath(operation: string, path: readonly string[]): void {
  const { pathSegments, segmentBytes } = OPERATION_LIMITS;
  if (path.length > pathSegments) {
    const message = `the path has ${path.length} segments, and may have ${pathSegments}`;
    throw new OperationError(operation, 'path.too_deep', message);
  }
  for (const [index, segment] of path.entries()) {
    if (segment === '') {
      throw new OperationError(operation, 'path.empty_segment', `segment ${index} of the path is empty`);
    }
    const bytes = Buffer.byteLength(segment);
    if (bytes > segmentBytes) {
      const message = `segment ${index} of the path has ${bytes} bytes, and may have ${segmentBytes}`;
      throw new OperationError(operation, 'path.segment_too_long', message);
    }
    if (RESERVED_NAMES.has(segment)) {
      throw new OperationError(operation, 'path.proto_polluted', `the path may not contain "${segment}"`);
    }
  }
}

/** A path for people: `root`, a field’s name, or segments in brackets. */
export function shownPath(path: readonly string[]): string {
  const [only] = path;
  if (only === undefined) return 'root';
  return path.length === 1 ? only : JSON.stringify(path);
}
