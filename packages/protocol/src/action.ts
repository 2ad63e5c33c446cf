import type { Action } from './frames.js';

/** The action a value spells (protocol.md §3.12); undefined when it spells none. */
export function readAction(value: unknown): Action | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  if (value.type === 'void') return { type: 'void' };
  if (value.type !== 'enqueue' || !('queue' in value) || typeof value.queue !== 'string') return undefined;
  const { type: _, queue, ...options } = value;
  const action = { type: 'enqueue', queue: String(queue) } as const;
  return Object.keys(options).length === 0 ? action : { ...action, options };
}
