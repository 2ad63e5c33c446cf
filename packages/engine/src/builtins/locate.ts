import { DEFAULT_NAMESPACE } from 'iii-protocol';
import { EngineError } from '../errors.js';

/**
 * Finds something by name for introspection (protocol.md §4.2): in the named namespace only, or else in `default`,
 * or else in the only namespace that has it.
 *
 * @throws EngineError `NOT_FOUND`, telling where it is when it is elsewhere.
 */
export function locate<T>(
  what: string,
  name: string,
  namespace: string | undefined,
  find: (namespace: string) => T | undefined,
  namespaces: () => readonly string[],
): T {
  const found = find(namespace ?? DEFAULT_NAMESPACE);
  if (found !== undefined) return found;
  const elsewhere = namespaces();
  const [only] = elsewhere;
  if (namespace === undefined && elsewhere.length === 1 && only !== undefined) {
    const there = find(only);
    if (there !== undefined) return there;
  }
  if (elsewhere.length === 0) throw new EngineError('NOT_FOUND', `${what} ${name} not found`);
  const where = elsewhere.join(', ');
  throw new EngineError(
    'NOT_FOUND',
    namespace === undefined
      ? `${what} ${name} is in several namespaces: ${where}. Name one with "namespace".`
      : `${what} ${name} not found in namespace ${namespace}. It is in ${where}.`,
  );
}
