import type { Endpoint } from './endpoint.js';
import type { Intake } from './intake.js';
import type { Form, WaitingItem } from './item.js';
import { ItemQueue } from './item-queue.js';
import type { MemoryWindow } from './memory.js';

/** A writer that knows nothing of grants and stops when it is not read from. */
export class PausingIntake implements Intake {
  readonly #queue = new ItemQueue();
  readonly #window: MemoryWindow;
  #endpoint: Endpoint | undefined;
  #isPaused = false;

  constructor(endpoint: Endpoint, window: MemoryWindow) {
    this.#endpoint = endpoint;
    this.#window = window;
  }

  get isEmpty(): boolean {
    return this.#queue.isEmpty;
  }

  get buffered(): number {
    return this.#queue.cost;
  }

  readonly spooled = 0;

  admit(): boolean {
    return true;
  }

  store(data: Uint8Array, form: Form, cost: number): void {
    this.#queue.push(data, form, cost);
    if (this.#isPaused || this.#queue.cost < this.#window.reserve()) return;
    this.#isPaused = true;
    this.#endpoint?.pause();
  }

  peek(): WaitingItem | undefined {
    return this.#queue.peek();
  }

  remove(): void {
    this.#queue.remove();
    const mayResume = this.#isPaused && this.#queue.cost <= this.#window.reserve() / 2;
    if (this.#queue.isEmpty) this.#window.release();
    if (!mayResume) return;
    this.#isPaused = false;
    this.#endpoint?.resume();
  }

  passed(): void {}

  detach(): void {
    this.#endpoint = undefined;
  }

  review(): void {}

  close(): void {
    this.#queue.clear();
    this.#window.release();
  }
}
