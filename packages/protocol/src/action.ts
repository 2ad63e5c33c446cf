import type { Action } from './frames.js';

/** The action a value spells (protocol.md §3.12); undefined when it spells none. */
export function readAction(value: unknown): Action | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  if (value.type === 'void') return { type: 'void' };
  if (value.type !== 'enqueue' || !('queue' in value) || typeof value.queue !== 'string') return undefined;
  if (Object.keys(value).length === 2) return { type: 'enqueue', queue: value.queue };
  const { type: _, queue, ...options } = value;
  return { type: 'enqueue', queue: String(queue), options };
}
