import { CHUNK_BYTES, costOf, type Item, TEXT_ITEM, WINDOW } from '../wire.js';
import type { Transport } from './transport.js';

/** Cost that may be handed to a transport before it has left: enough to keep it busy, and a bound on its copies. */
const HANDED_OVER_LIMIT = WINDOW.initial;

/** Hands the items of one write after another to a transport, in order, as fast as credit and the transport allow. */
export class Outbox {
  #transport: Transport | undefined;
  #items: readonly Item[] = [];
  #next = 0;
  #done: ((error?: Error) => void) | undefined;
  /** Cost of the items that were begun, and up to where others may be. */
  #begun = 0;
  #granted: number = WINDOW.initial;
  #handedOver = 0;
  #isPumping = false;

  /** There is a connection. */
  open(transport: Transport): void {
    this.#transport = transport;
    this.#pump();
  }

  /** Takes the next write. To be called when the one before is done: `done` is called when all of it has left. */
  put(items: readonly Item[], done: (error?: Error) => void): void {
    this.#items = items;
    this.#next = 0;
    this.#done = done;
    this.#pump();
  }

  /** The peer grants a total; less than before changes nothing. */
  grant(total: number): void {
    this.#granted = Math.max(this.#granted, total);
    this.#pump();
  }

  /** Gives up what has not left. */
  fail(error: Error): void {
    this.#transport = undefined;
    this.#settle(error);
  }

  #pump(): void {
    // A transport may report at once that an item has left.
    if (this.#isPumping) return;
    this.#isPumping = true;
    for (let item = this.#items[this.#next]; item !== undefined; item = this.#items[this.#next]) {
      const transport = this.#transport;
      if (transport === undefined || !this.#mayBegin(transport)) break;
      this.#next++;
      this.#send(transport, item);
    }
    this.#isPumping = false;
    if (this.#next === this.#items.length && this.#handedOver === 0) this.#settle();
  }

  #mayBegin({ hasCredit }: Transport): boolean {
    return this.#handedOver < HANDED_OVER_LIMIT && (!hasCredit || this.#begun < this.#granted);
  }

  #send(transport: Transport, item: Item): void {
    const cost = costOf(item.kind === 'text' ? Buffer.byteLength(item.data) : item.data.byteLength);
    this.#begun += cost;
    this.#handedOver += cost;
    const sent = (error?: Error) => {
      // An item that could not leave is the sign of a connection that is about to be reported as closed.
      if (error !== undefined) return;
      this.#handedOver -= cost;
      this.#pump();
    };
    if (item.kind === 'binary') transport.sendBinary(item.data, sent);
    else transport.sendText(transport.hasCredit ? `${TEXT_ITEM}${item.data}` : item.data, sent);
  }

  #settle(error?: Error): void {
    const done = this.#done;
    this.#done = undefined;
    this.#items = [];
    this.#next = 0;
    done?.(error);
  }
}

/** The messages that carry so many bytes; none when there are none, because readers would take one for the end. */
export function* chunksOf(data: Uint8Array): Generator<Item> {
  for (let start = 0; start < data.byteLength; start += CHUNK_BYTES) {
    yield { kind: 'binary', data: data.subarray(start, start + CHUNK_BYTES) };
  }
}
