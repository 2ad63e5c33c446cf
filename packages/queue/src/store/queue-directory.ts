import type { Store } from 'iii-storage';
import type { FunctionQueueConfig } from '../config.js';
import { keys, numbersOf } from './keys.js';
import { forgetLanes } from './numbered-lanes.js';
import { decode, encode, type QueueIdentity, type QueueRecord } from './records.js';

/** Which queues there are. They are few, and all of them known. */
export class QueueDirectory {
  readonly #records = new Map<number, QueueRecord>();
  #next = 1;

  constructor(private readonly store: Store) {
    for (const [key, value] of store.range(keys.queues())) {
      const id = numbersOf(key)[0] ?? 0;
      this.#records.set(id, { ...decode<QueueRecord>(value), id });
      this.#next = Math.max(this.#next, id + 1);
    }
  }

  all(): IterableIterator<QueueRecord> {
    return this.#records.values();
  }

  get(id: number): QueueRecord | undefined {
    return this.#records.get(id);
  }

  /**
   * A queue of its own. It counts at once, and everything done to it until `written` resolves fails when this does.
   */
  create(identity: QueueIdentity): { readonly record: QueueRecord; readonly written: Promise<void> } {
    const record: QueueRecord = { ...identity, id: this.#next++, paused: false };
    return { record, written: this.save(record) };
  }

  async save(record: QueueRecord): Promise<void> {
    const before = this.#records.get(record.id);
    this.#records.set(record.id, record);
    try {
      await this.store.transaction((tx) => tx.put(keys.queue(record.id), encode(record)));
    } catch (error) {
      if (before === undefined) this.#records.delete(record.id);
      else this.#records.set(record.id, before);
      throw error;
    }
  }

  /** Forgets a queue whose jobs are gone. */
  async forget(id: number): Promise<void> {
    this.#records.delete(id);
    await this.store.transaction((tx) => {
      tx.delete(keys.queue(id));
      tx.delete(keys.counts(id));
      tx.delete(keys.atWork(id));
      forgetLanes(tx, id);
    });
  }

  /** A queue has been removed from the store by others. */
  drop(id: number): void {
    this.#records.delete(id);
  }

  /** Settings of queues that were defined at runtime, by name. */
  definitions(): Map<string, FunctionQueueConfig> {
    const found = new Map<string, FunctionQueueConfig>();
    for (const [, value] of this.store.range(keys.definitions())) {
      const { name, config } = decode<{ name: string; config: FunctionQueueConfig }>(value);
      found.set(name, config);
    }
    return found;
  }

  define(name: string, config: FunctionQueueConfig): Promise<void> {
    return this.store.transaction((tx) => tx.put(keys.definition(name), encode({ name, config })));
  }
}
