import { isThere } from './bytes.js';
import type { Action } from './frames.js';
import { ownRaw, parseRaw, type RawJson } from './raw-json.js';

/** The action a value spells (protocol.md §3.12); undefined when it spells none. */
export function readAction(value: unknown): Action | undefined {
  if (typeof value !== 'object' || value === null || !('type' in value)) return undefined;
  if (value.type === 'void') return { type: 'void' };
  if (value.type !== 'enqueue' || !('queue' in value) || typeof value.queue !== 'string') return undefined;
  if (Object.keys(value).length === 2) return { type: 'enqueue', queue: value.queue };
  const { type: _, queue, ...options } = value;
  return { type: 'enqueue', queue: String(queue), options };
}

/** Bytes of an action that is remembered. */
const LONGEST_KNOWN = 256;

/** Reads actions. Most callers send the same one again and again: its spelling is enough to know it. */
export class ActionReader {
  #known: { readonly spelled: RawJson; readonly action: Action } | undefined;

  /** Bytes of the action that is remembered. */
  get knownLength(): number {
    return this.#known?.spelled.length ?? 0;
  }

  /** The action that is remembered, if it is what is spelled there. */
  knownAt(bytes: Uint8Array, at: number): Action | undefined {
    return this.#known !== undefined && isThere(this.#known.spelled, bytes, at)
      ? this.#known.action
      : undefined;
  }

  /** As {@link readAction}. */
  read(raw: RawJson): Action | undefined {
    if (raw.length === this.knownLength) {
      const known = this.knownAt(raw, 0);
      if (known !== undefined) return known;
    }
    const action = readAction(parseRaw(raw));
    if (action !== undefined && raw.length <= LONGEST_KNOWN) this.#known = { spelled: ownRaw(raw), action };
    return action;
  }
}
