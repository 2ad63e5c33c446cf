import type { Session } from './session.js';

/**
 * Twins that are asked about at a time. A process with more connections than these is asked about all of them in the
 * end; asking about every one each time would cost a thousand pings for one message.
 */
const ASKED_AT_A_TIME = 8;

/**
 * Connections that say they are the same process: name, process id and address. One process may well have several; but
 * where the older one answers no more, it was left behind by a reconnect whose `reattach` never arrived.
 */
export class Twins {
  readonly #byIdentity = new Map<string, Set<Session>>();
  readonly #identities = new Map<Session, string>();

  /** Notes who a session says it is; returns others that say the same, those first that were not returned for longest. */
  add(session: Session): Session[] {
    this.remove(session);
    const { name, pid } = session.info;
    const { remoteAddress } = session.peer;
    if (name === undefined || pid === undefined || remoteAddress === undefined) return [];
    const identity = JSON.stringify([remoteAddress, pid, name]);
    this.#identities.set(session, identity);
    const same = this.#byIdentity.get(identity);
    if (same === undefined) {
      this.#byIdentity.set(identity, new Set([session]));
      return [];
    }
    const others = [...take(same, ASKED_AT_A_TIME)];
    for (const other of others) same.delete(other);
    for (const other of others) same.add(other);
    same.add(session);
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

function* take<T>(from: Iterable<T>, count: number): IterableIterator<T> {
  let left = count;
  for (const each of from) {
    if (left-- === 0) return;
    yield each;
  }
}
