import { DEFAULT_NAMESPACE, EngineFunction } from 'iii-protocol';
import { EngineError } from '../errors.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { Lifecycle } from '../sessions/lifecycle.js';
import type { SessionTable } from '../sessions/session-table.js';
import { addBuiltin } from './builtin.js';

/** `engine::workers::register`, with which every SDK announces its worker (protocol.md §9.9). */
export function addWorkerRegistration(
  functions: FunctionTable,
  sessions: SessionTable,
  lifecycle: Lifecycle,
): void {
  addBuiltin(functions, EngineFunction.RegisterWorker, (input) => {
    const namespace = input.namespace ?? DEFAULT_NAMESPACE;
    if (namespace.trim() === '') {
      const message = `namespace is blank: ${JSON.stringify(namespace)}. Name one, or leave the field out.`;
      throw new EngineError('INVALID_NAMESPACE', message);
    }
    const session = sessions.get(input._caller_worker_id);
    const welcome = session === undefined || lifecycle.announce(session, input, namespace);
    return welcome instanceof Promise ? welcome.then((success) => ({ success })) : { success: welcome };
  });
}
