import { isRawObject, parseRaw, type RawJson } from 'iii-protocol';
import type { FunctionProvider } from './function-table.js';
import { type Payload, payloadOf } from './payload.js';

/**
 * How calls are shared among the providers of a function. A worker asks for it in the metadata of its function:
 * `{"iii": {"balance": "sticky", "sticky_key": "user.id"}}`.
 *
 * `least_inflight` (default): to the provider with the fewest calls in flight, in turn among equals. `round_robin`: in
 * turn. `sticky`: calls with the same value at `sticky_key` of the payload go to the same provider as long as it is
 * there; calls without one are shared as by default.
 */
export type Balance =
  | { readonly kind: 'least_inflight' }
  | { readonly kind: 'round_robin' }
  | { readonly kind: 'sticky'; readonly path: readonly string[] };

export const DEFAULT_BALANCE: Balance = { kind: 'least_inflight' };

/** What the metadata of a function asks for; what is not understood counts as not asked. */
export function readBalance(metadata: unknown): Balance {
  const asked = member(member(metadata, 'iii'), 'balance');
  if (asked === 'round_robin') return { kind: 'round_robin' };
  const key = member(member(metadata, 'iii'), 'sticky_key');
  if (asked === 'sticky' && typeof key === 'string' && key !== '')
    return { kind: 'sticky', path: key.split('.') };
  return DEFAULT_BALANCE;
}

function member(value: unknown, name: string): unknown {
  const isOwn = typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  return isOwn ? (value as Record<string, unknown>)[name] : undefined;
}

/** Bytes waiting for a provider beyond which calls go to others, if there are any that are less busy. */
const BUSY_OUTBOX_BYTES = 1024 * 1024;

/** Picks among several providers; keeps the turn between calls. */
export class Picker {
  #turn = 0;

  pick(
    providers: readonly FunctionProvider[],
    balance: Balance,
    payload: Payload,
  ): FunctionProvider | undefined {
    const usable = providers.filter(isUsable);
    const candidates = usable.length > 0 ? usable : providers;
    switch (balance.kind) {
      case 'sticky': {
        const key = stickyKey(payloadOf(payload), balance.path);
        return key === undefined ? this.#leastInFlight(candidates) : stickyChoice(candidates, key);
      }
      case 'round_robin':
        return candidates[this.#next() % candidates.length];
      case 'least_inflight':
        return this.#leastInFlight(candidates);
    }
  }

  #leastInFlight(candidates: readonly FunctionProvider[]): FunctionProvider | undefined {
    const turn = this.#next();
    let best: FunctionProvider | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[(turn + i) % candidates.length];
      const load = candidate?.kind === 'session' ? candidate.session.executing.size : 0;
      if (load >= least) continue;
      best = candidate;
      least = load;
    }
    return best ?? candidates[0];
  }

  #next(): number {
    this.#turn = (this.#turn + 1) % 0x4000_0000;
    return this.#turn;
  }
}

function isUsable(provider: FunctionProvider): boolean {
  if (provider.kind === 'builtin') return true;
  const { session } = provider;
  return session.isReachable && session.peer.bufferedBytes < BUSY_OUTBOX_BYTES;
}

/** The value a call sticks by, as text; undefined when it has none. */
function stickyKey(data: RawJson, path: readonly string[]): string | undefined {
  if (!isRawObject(data)) return undefined;
  const value = path.reduce(member, parseRaw(data));
  return value === undefined || value === null ? undefined : JSON.stringify(value);
}

/** The provider that scores highest for a key: when one comes or goes, only its own keys move. */
function stickyChoice(candidates: readonly FunctionProvider[], key: string): FunctionProvider | undefined {
  let best: FunctionProvider | undefined;
  let highest = -1;
  for (const candidate of candidates) {
    const score = hash(`${candidate.kind === 'session' ? candidate.session.id : ''} ${key}`);
    if (score <= highest) continue;
    best = candidate;
    highest = score;
  }
  return best;
}

/** FNV-1a with a final mix, so that keys that differ in one character are spread. */
function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h ^= h >>> 15;
  h = Math.imul(h, 0x2c1b3c6d);
  h ^= h >>> 12;
  return h >>> 0;
}
