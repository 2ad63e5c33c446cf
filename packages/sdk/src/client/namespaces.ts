import { DEFAULT_NAMESPACE, RESERVED_PREFIX } from 'iii-protocol';

/**
 * Namespace of a call (sdk-node.md §17.2): the one asked for, else `default` for functions of the engine, else the
 * worker’s own.
 *
 * @throws Error when one is asked for but blank.
 */
export function namespaceOfCall(
  functionId: string,
  asked: string | undefined,
  own: string | undefined,
): string | undefined {
  if (asked !== undefined) {
    requireName(asked, 'TriggerRequest.namespace', 'stay in this worker’s namespace');
    return asked;
  }
  return functionId.startsWith(RESERVED_PREFIX) ? DEFAULT_NAMESPACE : own;
}

/** @throws Error when one is asked for but blank. */
export function namespaceOfTrigger(asked: string | undefined, own: string | undefined): string | undefined {
  if (asked === undefined) return own;
  requireName(asked, 'RegisterTriggerInput.namespace', 'use this worker’s namespace');
  return asked;
}

function requireName(namespace: string, where: string, otherwise: string): void {
  if (namespace.trim() !== '') return;
  throw new Error(
    `namespace is empty: ${where} was set to "${namespace}". Give it a name, or leave it unset to ${otherwise}.`,
  );
}
