import type { Session } from '../sessions/session.js';
import type { BindingDefinition } from './binding.js';

/** A binding whose id is taken by another worker; it counts once that one is released. */
export interface Standby {
  readonly session: Session;
  readonly definition: BindingDefinition;
}

/** Bindings that wait for the release of their id (protocol.md §19.7 for triggers), oldest first. */
export class Standbys {
  readonly #byId = new Map<string, Standby[]>();
  readonly #idsOf = new Map<Session, Set<string>>();

  /** How many a session has. */
  count(session: Session): number {
    return this.#idsOf.get(session)?.size ?? 0;
  }

  /** The session’s earlier wish for the same id is forgotten. */
  add(session: Session, definition: BindingDefinition): void {
    this.remove(session, definition.id);
    const waiting = this.#byId.get(definition.id);
    if (waiting === undefined) this.#byId.set(definition.id, [{ session, definition }]);
    else waiting.push({ session, definition });
    const ids = this.#idsOf.get(session);
    if (ids === undefined) this.#idsOf.set(session, new Set([definition.id]));
    else ids.add(definition.id);
  }

  /** Returns whether there was one. */
  remove(session: Session, id: string): boolean {
    const ids = this.#idsOf.get(session);
    if (ids?.delete(id) !== true) return false;
    if (ids.size === 0) this.#idsOf.delete(session);
    const others = (this.#byId.get(id) ?? []).filter((standby) => standby.session !== session);
    if (others.length === 0) this.#byId.delete(id);
    else this.#byId.set(id, others);
    return true;
  }

  removeAll(session: Session): void {
    for (const id of [...(this.#idsOf.get(session) ?? [])]) this.remove(session, id);
  }

  /** Takes out the one that has waited longest. */
  take(id: string): Standby | undefined {
    const [first] = this.#byId.get(id) ?? [];
    if (first !== undefined) this.remove(first.session, id);
    return first;
  }
}
