import type { Intake } from './intake.js';
import type { Form, WaitingItem } from './item.js';
import { ItemQueue } from './item-queue.js';
import type { MemoryWindow } from './memory.js';
import type { Spool } from './spool.js';

/** A writer that cannot be stopped: what does not fit into memory waits on disk. */
export class SpoolingIntake implements Intake {
  readonly #queue = new ItemQueue();
  readonly #window: MemoryWindow;
  readonly #spool: Spool;

  constructor(window: MemoryWindow, spool: Spool) {
    this.#window = window;
    this.#spool = spool;
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty && this.#spool.unread === 0;
  }

  get buffered(): number {
    return this.#queue.cost;
  }

  get spooled(): number {
    return this.#spool.unread;
  }

  admit(): boolean {
    return true;
  }

  store(data: Uint8Array, form: Form, cost: number): void {
    const fits = this.#spool.unread === 0 && this.#queue.cost + cost <= this.#window.reserve();
    if (fits) this.#queue.push(data, form, cost);
    else this.#spool.append(data, form);
  }

  peek(): WaitingItem | undefined {
    if (this.#queue.isEmpty && this.#spool.unread > 0) this.#spool.load(this.#queue, this.#window.reserve());
    return this.#queue.peek();
  }

  remove(): void {
    this.#queue.remove();
    if (this.isEmpty) this.#window.release();
  }

  passed(): void {}

  detach(): void {}

  review(): void {}

  close(): void {
    this.#queue.clear();
    this.#spool.close();
    this.#window.release();
  }
}
