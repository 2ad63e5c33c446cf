import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Totals } from '../admission.js';
import type { CommitBackend, StoreWrites } from '../commit/group-commit.js';
import type { LmdbEnvironment } from '../lmdb/environment.js';
import type { JournalMark } from '../lmdb/journal-mark.js';
import type { Layer } from '../overlay.js';
import { Journal } from './journal.js';
import { changeOf, type StoreChange, sizeOf, storeWritesOf } from './journal-record.js';
import { StoreLayers } from './store-layers.js';

export interface JournaledOptions {
  /** The files of the journal, absolute. There is nothing in them that the data file does not have. */
  readonly files: readonly [string, string];
  /** Bytes of one of them. */
  readonly maxBytes: number;
  /** Of the data file. */
  readonly mark: JournalMark;
  /** Told what nobody waits for. */
  readonly warn: (message: string) => void;
}

/**
 * Keys that are written to in an epoch, whatever their bytes. The data file is given all of them in one go, which must not
 * keep others waiting (2 ms for twice as many). And until it has them, they are in memory: where that is for longer than
 * two collections of the young generation take, the old one fills with what is garbage soon after.
 */
const MOST_KEYS = 1_000;
/** The same while the data file is still at the epoch before: otherwise, commits would have to wait for that. */
const MOST_KEYS_MEANWHILE = 10_000;

/**
 * Commits go to a journal, which costs the disk one write, and are read from memory until the data file has them. It
 * takes them over a few thousand at a time, in the background.
 *
 * What is too large for the journal, or cannot be written there, goes to the data file at once, with all before it.
 */
export class JournaledEnvironment implements CommitBackend {
  readonly #journal: Journal;
  readonly #stores = new Map<string, StoreLayers>();
  /** The epoch that the data file is to take over, if there is one. */
  #frozen: number | undefined;
  /** What the data file is at. */
  #busy: Promise<void> | undefined;
  /** Whether the data file may not have everything. */
  #isAhead = false;
  #isJournalBroken = false;

  /** @throws Error of the file system. */
  constructor(
    private readonly data: LmdbEnvironment,
    private readonly options: JournaledOptions,
  ) {
    const { files, maxBytes, mark } = options;
    this.#journal = new Journal({ files, maxBytes, lineage: mark.lineage, epoch: mark.applied + 1 });
  }

  /**
   * Makes the store if there is none.
   *
   * @throws StorageError TOO_MANY_STORES, DIRECTORY_UNUSABLE
   */
  async openStore(name: string): Promise<{ readonly disk: Layer; readonly totals: Totals }> {
    // The data file would keep the whole process waiting until it is done with what it is at.
    while (this.#busy !== undefined) await this.#busy;
    const known = this.#stores.get(name);
    if (known !== undefined) return { disk: known, totals: known.totals };
    const { disk, totals } = this.data.openStore(name);
    const layers = new StoreLayers(name, disk, totals);
    this.#stores.set(name, layers);
    return { disk: layers, totals };
  }

  async commit(parts: readonly StoreWrites[]): Promise<void> {
    const changes = parts.map(changeOf);
    const size = sizeOf(changes);
    if (!this.#journal.takes(size) || !(await this.#toJournal(changes, size, parts.some(isForDisk))))
      await this.#toData(changes);
  }

  /** @returns whether the data file has everything; otherwise the journal is needed, and stays. */
  async close(): Promise<boolean> {
    await this.#busy;
    try {
      if (this.#isAhead) await this.#takeOverAll([]);
    } catch (error) {
      this.#told('the data file could not take over what is in the journal, and will when opened', error);
    }
    this.#journal.close(this.#isAhead);
    return !this.#isAhead;
  }

  async #toJournal(changes: readonly StoreChange[], size: number, isSynced: boolean): Promise<boolean> {
    const journal = this.#journal;
    let isLast = false;
    try {
      if (!journal.hasRoom(size)) await this.#turn();
      isLast = this.#isLongEnough;
      if (isLast) await this.#takenOver();
      await journal.append(changes, size, isSynced, isLast);
    } catch (error) {
      if (!this.#isJournalBroken) this.#told('the journal could not be written, and is passed by', error);
      this.#isJournalBroken = true;
      return false;
    }
    for (const change of changes) this.#layersOf(change.store).apply(change);
    this.#isAhead = true;
    this.#isJournalBroken = false;
    if (isLast) this.#freeze();
    return true;
  }

  /** There is no more room: what comes belongs to the next epoch. */
  async #turn(): Promise<void> {
    await this.#takenOver();
    await this.#journal.end();
    this.#freeze();
  }

  /** Resolves when there is no epoch that the data file is to take over. */
  async #takenOver(): Promise<void> {
    await this.#busy;
    if (this.#frozen !== undefined) await this.#takeOver();
  }

  /** An epoch has ended: the data file takes it over while the next one begins. */
  #freeze(): void {
    this.#frozen = this.#journal.epoch - 1;
    for (const layers of this.#stores.values()) layers.freeze();
    // What waits to be committed goes first: this is work to be done while the disk has that.
    const taken = nextTurn()
      .then(() => this.#takeOver())
      .catch((error: unknown) => {
        this.#told('the data file could not take over what is in the journal', error);
      });
    this.#keepBusy(taken);
  }

  /** The frozen epoch goes to the data file. */
  async #takeOver(): Promise<void> {
    const epoch = this.#frozen;
    if (epoch === undefined) return;
    const layers = [...this.#stores.values()];
    await this.#write(
      layers.map((each) => each.frozenWrites()),
      epoch,
    );
    for (const each of layers) each.dropFrozen();
    this.#frozen = undefined;
  }

  async #toData(changes: readonly StoreChange[]): Promise<void> {
    await this.#busy;
    const taken = this.#takeOverAll(changes);
    this.#keepBusy(taken.catch(() => {}));
    try {
      await taken;
    } catch (error) {
      // What the journal may have of it must not be found after a crash. Otherwise, the next commit takes its place.
      await this.#journal
        .erase()
        .catch((cause: unknown) => this.#told('what was refused may be there after a crash', cause));
      throw error;
    }
  }

  /** All epochs, and then these changes, go to the data file in one commit. */
  async #takeOverAll(changes: readonly StoreChange[]): Promise<void> {
    const layers = [...this.#stores.values()];
    const before = layers.flatMap((each) => [each.frozenWrites(), each.writes()]);
    await this.#write([...before, ...changes.map(storeWritesOf)], this.#journal.epoch);
    for (const { store, totals } of changes) this.#layersOf(store).totals = totals;
    for (const each of layers) each.dropAll();
    this.#frozen = undefined;
    this.#isAhead = false;
    this.#journal.restart();
  }

  /** Whether what this epoch has written to is enough to be handed over. */
  get #isLongEnough(): boolean {
    let keys = 0;
    for (const layers of this.#stores.values()) keys += layers.keys;
    return keys > (this.#busy === undefined ? MOST_KEYS : MOST_KEYS_MEANWHILE);
  }

  async #write(parts: readonly (StoreWrites | undefined)[], applied: number): Promise<void> {
    const { lineage } = this.options.mark;
    await this.data.commit(
      parts.filter((part) => part !== undefined),
      { lineage, applied },
    );
  }

  #keepBusy(work: Promise<void>): void {
    this.#busy = work.finally(() => {
      this.#busy = undefined;
    });
  }

  #layersOf(store: string): StoreLayers {
    const layers = this.#stores.get(store);
    if (layers === undefined) throw new Error(`the store ${store} has not been opened`);
    return layers;
  }

  #told(what: string, error: unknown): void {
    this.options.warn(`${what}: ${(error as Error).message}`);
  }
}

function isForDisk({ durability }: StoreWrites): boolean {
  return durability === 'fsync';
}
