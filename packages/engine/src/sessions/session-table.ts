import type { InProcessIdentity, Session } from './session.js';

/** A worker of the engine itself that holds no session: its functions are built in, or it is a listener. */
export interface EngineWorker extends InProcessIdentity {
  readonly startedAtMs: number;
  /** Where it accepts workers, for those that do. */
  readonly listener?: { readonly address: string; readonly driver: string };
}

/** Everyone who works here: connections by worker id, and the engine’s own workers. */
export class SessionTable {
  readonly #byId = new Map<string, Session>();
  readonly #engineWorkers: EngineWorker[] = [];

  get size(): number {
    return this.#byId.size;
  }

  /** Bytes that wait for all connections together. */
  get bufferedBytes(): number {
    let bytes = 0;
    for (const { peer } of this.#byId.values()) bytes += peer.bufferedBytes;
    return bytes;
  }

  get(id: string): Session | undefined {
    return this.#byId.get(id);
  }

  values(): IterableIterator<Session> {
    return this.#byId.values();
  }

  add(session: Session): void {
    this.#byId.set(session.id, session);
  }

  remove(session: Session): void {
    if (this.#byId.get(session.id) === session) this.#byId.delete(session.id);
  }

  get engineWorkers(): readonly EngineWorker[] {
    return this.#engineWorkers;
  }

  addEngineWorker(worker: EngineWorker): void {
    this.#engineWorkers.push(worker);
  }

  removeEngineWorker(worker: EngineWorker): void {
    const at = this.#engineWorkers.indexOf(worker);
    if (at >= 0) this.#engineWorkers.splice(at, 1);
  }
}
