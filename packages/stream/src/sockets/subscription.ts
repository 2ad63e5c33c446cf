import type { Attendance } from '../bindings/attendance.js';
import type { StreamEvent } from '../event.js';

/** A snapshot is being read; what happens meanwhile comes behind it. */
export interface Sync {
  readonly name: 'syncing';
  held: StreamEvent[];
  heldBytes: number;
  /** So much has happened meanwhile that another snapshot is needed. */
  isOverfull: boolean;
}

type State =
  | Sync
  /** Follows events that are newer than its last snapshot. */
  | { readonly name: 'live'; readonly version: number | undefined }
  /** Has missed events, and needs a snapshot. */
  | { readonly name: 'stale' };

/** Who a subscription belongs to. */
export interface Subscriber {
  /** An event for a subscription that is live. @returns false when it could not be sent now. */
  send(event: StreamEvent): boolean;
  /** Bytes of events that may be held while a snapshot is read. */
  readonly heldBytesLimit: number;
}

/** What one socket follows: a group, or an item (spec §2.5). */
export class Subscription {
  #state: State = { name: 'stale' };

  constructor(
    readonly attendance: Attendance,
    private readonly subscriber: Subscriber,
  ) {}

  get isStale(): boolean {
    return this.#state.name === 'stale';
  }

  isMeant(event: StreamEvent): boolean {
    return this.attendance.id === undefined || this.attendance.id === event.id;
  }

  deliver(event: StreamEvent): void {
    const state = this.#state;
    switch (state.name) {
      case 'live':
        if (contains(state.version, event)) return;
        if (!this.subscriber.send(event)) this.lose();
        return;
      case 'syncing':
        if (state.isOverfull) return;
        state.held.push(event);
        state.heldBytes += event.text.length;
        if (state.heldBytes <= this.subscriber.heldBytesLimit) return;
        state.held = [];
        state.isOverfull = true;
        return;
      case 'stale':
    }
  }

  /** It has missed something, or may have. A snapshot that is being read is not what it needs any more. */
  lose(): void {
    this.#state = { name: 'stale' };
  }

  /** A snapshot is about to be read. */
  beginSync(): Sync {
    const sync: Sync = { name: 'syncing', held: [], heldBytes: 0, isOverfull: false };
    this.#state = sync;
    return sync;
  }

  /** Whether this is the snapshot it waits for. */
  isAwaiting(sync: Sync): boolean {
    return this.#state === sync;
  }

  /**
   * The snapshot has been sent: what has happened since comes behind it.
   *
   * @param version the last change it contains; undefined where that is not known.
   */
  endSync(sync: Sync, version: number | undefined): void {
    if (this.#state !== sync) return;
    this.#state = { name: 'live', version };
    for (const event of sync.held) this.deliver(event);
  }
}

function contains(version: number | undefined, event: StreamEvent): boolean {
  return version !== undefined && event.version !== undefined && event.version <= version;
}
