import type { Item } from '../wire.js';

/** An item that has arrived, and what it costs to keep. */
export interface Arrived {
  readonly item: Item;
  readonly cost: number;
}

/** Where an {@link Inbox} empties. */
export interface InboxSink {
  /** Whether the next item, or the end, can be taken now. */
  isReady(): boolean;
  take(arrived: Arrived): void;
  /** Everything was taken, and nothing follows. */
  ended(): void;
}

/** Items in the order of their arrival, handed on one by one as they can be taken. */
export class Inbox {
  #queue: Arrived[] = [];
  #head = 0;
  #cost = 0;
  #state: 'open' | 'ending' | 'over' = 'open';
  #isDelivering = false;

  constructor(private readonly sink: InboxSink) {}

  /** Cost of the items that wait. */
  get cost(): number {
    return this.#cost;
  }

  /** Whether no more is taken. */
  get isClosed(): boolean {
    return this.#state !== 'open';
  }

  add(arrived: Arrived): void {
    if (this.isClosed) return;
    this.#queue.push(arrived);
    this.#cost += arrived.cost;
    this.deliver();
  }

  /** Nothing follows what is here. */
  end(): void {
    if (this.isClosed) return;
    this.#state = 'ending';
    this.deliver();
  }

  /** Throws away what waits, and what would follow. */
  discard(): void {
    this.#state = 'over';
    this.#queue = [];
    this.#head = 0;
    this.#cost = 0;
  }

  /** Hands on what can be taken. */
  deliver(): void {
    // Whoever takes an item may ask for the next one from within.
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.#remove(next);
      this.sink.take(next);
    }
    this.#isDelivering = false;
    if (this.#state === 'ending' && this.#cost === 0 && this.sink.isReady()) {
      this.#state = 'over';
      this.sink.ended();
    }
  }

  #next(): Arrived | undefined {
    return this.sink.isReady() ? this.#queue[this.#head] : undefined;
  }

  #remove(first: Arrived): void {
    this.#cost -= first.cost;
    this.#head++;
    if (this.#head < this.#queue.length) return;
    this.#queue = [];
    this.#head = 0;
  }
}
