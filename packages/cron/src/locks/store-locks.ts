import type { Clock, Log } from 'iii-protocol';
import { Type, TypeCompiler } from 'iii-protocol/schema';
import { keyOf, partsOf, rangeOf, type Store, type Transaction } from 'iii-storage';
import type { Remembered, TickLocks } from './tick-locks.js';

/** What is written down of a schedule. */
interface Row {
  readonly instant?: number | undefined;
  readonly paused?: boolean | undefined;
  readonly lease?: { readonly owner: string; readonly until: number } | undefined;
}

const StoredRow = Type.Object({
  instant: Type.Optional(Type.Integer()),
  paused: Type.Optional(Type.Boolean()),
  lease: Type.Optional(Type.Object({ owner: Type.String(), until: Type.Number() })),
});
const storedRow = TypeCompiler.Compile(StoredRow);

const TABLE = 'schedule';
/** Schedules that were not had for so long are forgotten. A yearly one is had more often. */
const KEPT_MS = 400 * 86_400_000;

export interface StoreLocksOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Log;
  /** This process, as no other calls itself. */
  readonly owner: string;
  readonly ttlMs: number;
}

/** Locks in a store of this process. What is asked for in one turn is written in one transaction. */
export class StoreLocks implements TickLocks {
  readonly ttlMs: number;
  #waiting: Array<(tx: Transaction) => () => void> = [];
  #rejections: Array<(error: unknown) => void> = [];

  constructor(private readonly options: StoreLocksOptions) {
    this.ttlMs = options.ttlMs;
  }

  /**
   * The locks in a store nobody else has open: leases that are still there are those of a process that died, and end
   * with it.
   */
  static async open(options: StoreLocksOptions): Promise<StoreLocks> {
    const { store, clock } = options;
    const locks = new StoreLocks(options);
    await store.transaction((tx) => {
      const forgotten = clock.now() - KEPT_MS;
      for (const [key] of [...tx.range(rangeOf(TABLE))]) {
        const identity = String(partsOf(key)[1]);
        const row = locks.#read(tx, identity);
        if (row.paused !== true && (row.instant ?? 0) < forgotten) tx.delete(key);
        else if (row.lease !== undefined) locks.#write(tx, identity, withLease(row, undefined));
      }
    });
    return locks;
  }

  recall(identity: string): Remembered {
    const { instant, paused } = this.#read(this.options.store, identity);
    return { instant, isPaused: paused ?? false };
  }

  remember(identity: string, instant: number, isReset = false): Promise<void> {
    return this.#inTurn((tx) => {
      const row = this.#read(tx, identity);
      const latest = isReset ? instant : Math.max(instant, row.instant ?? instant);
      this.#write(tx, identity, { instant: latest, paused: row.paused, lease: row.lease });
    });
  }

  claim(identity: string, instant: number): Promise<boolean> {
    return this.#inTurn((tx) => {
      const row = this.#read(tx, identity);
      if (row.instant !== undefined && row.instant >= instant) return false;
      if (this.#isElsewhere(row)) return false;
      this.#write(tx, identity, { instant, paused: row.paused, lease: this.#lease() });
      return true;
    });
  }

  renew(identities: readonly string[]): Promise<readonly string[]> {
    return this.#inTurn((tx) =>
      identities.filter((identity) => {
        const row = this.#read(tx, identity);
        if (this.#isElsewhere(row)) return true;
        this.#write(tx, identity, withLease(row, this.#lease()));
        return false;
      }),
    );
  }

  release(identity: string): Promise<void> {
    return this.#inTurn((tx) => {
      const row = this.#read(tx, identity);
      if (row.lease?.owner === this.options.owner) this.#write(tx, identity, withLease(row, undefined));
    });
  }

  setPaused(identity: string, isPaused: boolean): Promise<void> {
    return this.#inTurn((tx) =>
      this.#write(tx, identity, { ...this.#read(tx, identity), paused: isPaused || undefined }),
    );
  }

  close(): Promise<void> {
    return this.options.store.close();
  }

  #lease() {
    return { owner: this.options.owner, until: this.options.clock.now() + this.ttlMs };
  }

  #isElsewhere({ lease }: Row): boolean {
    return (
      lease !== undefined && lease.owner !== this.options.owner && lease.until > this.options.clock.now()
    );
  }

  #inTurn<T>(work: (tx: Transaction) => T): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push((tx) => {
        const result = work(tx);
        return () => resolve(result);
      });
      this.#rejections.push(reject);
      if (this.#waiting.length === 1) queueMicrotask(() => void this.#flush());
    });
  }

  async #flush(): Promise<void> {
    const works = this.#waiting;
    const rejections = this.#rejections;
    this.#waiting = [];
    this.#rejections = [];
    try {
      const settle = await this.options.store.transaction((tx) => works.map((work) => work(tx)));
      for (const done of settle) done();
    } catch (error) {
      for (const reject of rejections) reject(error);
    }
  }

  #read(from: Pick<Transaction, 'get'>, identity: string): Row {
    const bytes = from.get(keyOf(TABLE, identity));
    if (bytes === undefined) return {};
    const row: unknown = parsed(bytes);
    if (storedRow.Check(row)) return row;
    this.options.logger.warn({ schedule: identity }, 'what was remembered of a schedule is not readable');
    return {};
  }

  #write(tx: Transaction, identity: string, row: Row): void {
    tx.put(keyOf(TABLE, identity), Buffer.from(JSON.stringify(row)));
  }
}

function withLease({ instant, paused }: Row, lease: Row['lease']): Row {
  return { instant, paused, lease };
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString());
  } catch {
    return undefined;
  }
}
