import type { Session } from './session.js';

/** Who holds which worker name, where names may not repeat (protocol.md §4.4). */
export class NameLeases {
  readonly #holders = new Map<string, Session>();
  readonly #held = new Map<Session, string>();

  /** The open session that holds a name, if it is another one. */
  incumbent(session: Session, namespace: string, name: string): Session | undefined {
    const holder = this.#holders.get(key(namespace, name));
    return holder !== undefined && holder !== session && holder.isOpen ? holder : undefined;
  }

  /** Gives the name to the session, and takes the one it had before (§19.43). */
  grant(session: Session, namespace: string, name: string): void {
    this.release(session);
    this.#holders.set(key(namespace, name), session);
    this.#held.set(session, key(namespace, name));
  }

  /** Compare-and-delete: a name that somebody else holds by now stays theirs. */
  release(session: Session): void {
    const held = this.#held.get(session);
    if (held === undefined) return;
    this.#held.delete(session);
    if (this.#holders.get(held) === session) this.#holders.delete(held);
  }
}

function key(namespace: string, name: string): string {
  return `${namespace}\u0000${name}`;
}

/**
 * Whether a client understands that its registration was refused: one that declares a namespace, or is of the
 * generation that has them (§19.6). Others would reconnect for ever.
 */
export function understandsRejection(announcement: {
  readonly namespace?: string | null;
  readonly version?: string | null;
}): boolean {
  if (typeof announcement.namespace === 'string') return true;
  const [, major = 0, minor = 0] = /^(\d+)\.(\d+)/.exec(announcement.version ?? '')?.map(Number) ?? [];
  return major > 0 || minor >= 23;
}
