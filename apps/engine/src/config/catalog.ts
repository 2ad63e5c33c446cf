import { httpWorker } from 'iii-http';
import { queueWorker } from 'iii-queue';
import { suggest, type WorkerDefinition } from 'iii-worker';

/** Workers this engine can run inside its process. */
export const WORKERS: readonly WorkerDefinition[] = [httpWorker, queueWorker];

/** The port for workers; the only name that may be declared for each port to open. */
export const WORKER_MANAGER = 'iii-worker-manager';

/** Always there, with nothing to configure yet: entries of these names are accepted (§4.4). */
const ALWAYS_ON = new Set(['iii-engine-functions', 'iii-observability', 'iii-telemetry', 'configuration']);

/** Part of the official engine, and not of this one yet. */
const NOT_YET = new Set([
  ...['iii-state', 'state', 'iii-stream', 'stream', 'iii-cron', 'cron', 'iii-pubsub', 'pubsub'],
  ...['iii-exec', 'exec', 'iii-bridge', 'bridge', 'iii-http-functions', 'iii-sandbox', 'iii-worker-ops'],
]);

/** What a name in `workers` stands for. */
export type NamedWorker =
  | { readonly kind: 'worker'; readonly definition: WorkerDefinition }
  | { readonly kind: 'worker-manager' }
  | { readonly kind: 'always-on' }
  | { readonly kind: 'unavailable'; readonly message: string }
  | { readonly kind: 'unknown'; readonly message: string };

/** @param name without the `#n` that tells instances apart. */
export function findWorker(name: string): NamedWorker {
  const definition = WORKERS.find((worker) => worker.name === name || worker.aliases.includes(name));
  if (definition !== undefined) return { kind: 'worker', definition };
  if (name === WORKER_MANAGER) return { kind: 'worker-manager' };
  if (ALWAYS_ON.has(name)) return { kind: 'always-on' };
  const available = [...WORKERS.map((worker) => worker.name), WORKER_MANAGER].join(', ');
  if (NOT_YET.has(name)) {
    const message = `worker "${name}" is not part of this engine yet. Remove the entry. Available are ${available}.`;
    return { kind: 'unavailable', message };
  }
  const near = suggest(name, knownNames());
  const hint = near === undefined ? `Available are ${available}.` : `Did you mean "${near}"?`;
  return { kind: 'unknown', message: `worker "${name}" is not known. ${hint}` };
}

function knownNames(): string[] {
  const names = WORKERS.flatMap((worker) => [worker.name, ...worker.aliases]);
  return [...names, WORKER_MANAGER, ...ALWAYS_ON, ...NOT_YET];
}
