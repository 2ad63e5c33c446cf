import type { Session } from './session.js';

/**
 * Connections that say they are the same process: name, process id and address. One process may well have several; but
 * where the older one answers no more, it was left behind by a reconnect whose `reattach` never arrived.
 */
export class Twins {
  readonly #byIdentity = new Map<string, Set<Session>>();
  readonly #identities = new Map<Session, string>();

  /** Notes who a session says it is; returns the others that say the same. */
  add(session: Session): Session[] {
    this.remove(session);
    const { name, pid } = session.info;
    const { remoteAddress } = session.peer;
    if (name === undefined || pid === undefined || remoteAddress === undefined) return [];
    const identity = JSON.stringify([remoteAddress, pid, name]);
    const same = this.#byIdentity.get(identity);
    const others = [...(same ?? [])];
    if (same === undefined) this.#byIdentity.set(identity, new Set([session]));
    else same.add(session);
    this.#identities.set(session, identity);
    return others;
  }

  remove(session: Session): void {
    const identity = this.#identities.get(session);
    if (identity === undefined) return;
    this.#identities.delete(session);
    const same = this.#byIdentity.get(identity);
    same?.delete(session);
    if (same?.size === 0) this.#byIdentity.delete(identity);
  }
}
