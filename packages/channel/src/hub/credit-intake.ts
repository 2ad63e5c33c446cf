import type { FlowWindow } from '../flow-window.js';
import { grantMessage } from '../wire.js';
import type { Endpoint } from './endpoint.js';
import type { Intake } from './intake.js';
import type { Form, WaitingItem } from './item.js';
import { ItemQueue } from './item-queue.js';

/** A writer that follows grants (wire.ts). */
export class CreditIntake implements Intake {
  readonly #queue = new ItemQueue();
  readonly #window: FlowWindow;
  #endpoint: Endpoint | undefined;

  constructor(endpoint: Endpoint, window: FlowWindow) {
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

  admit(cost: number): boolean {
    return this.#window.arrived(cost);
  }

  store(data: Uint8Array, form: Form, cost: number): void {
    this.#queue.push(data, form, cost);
  }

  peek(): WaitingItem | undefined {
    return this.#queue.peek();
  }

  remove(): void {
    this.#queue.remove();
  }

  passed(cost: number): void {
    if (this.#endpoint === undefined) return;
    const total = this.#window.consumed(cost);
    if (total !== undefined) this.#endpoint.sendText(grantMessage(total));
  }

  detach(): void {
    this.#endpoint = undefined;
    if (this.#queue.isEmpty) this.#window.close();
  }

  review(): void {
    if (this.#endpoint !== undefined) this.#window.review();
  }

  close(): void {
    this.#queue.clear();
    this.#window.close();
  }
}
