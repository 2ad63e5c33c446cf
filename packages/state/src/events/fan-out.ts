import type { Clock, Log, RawJson } from 'iii-protocol';
import type { RawCalls } from 'iii-sdk/link';
import { type Address, addressName } from '../adapter.js';
import type { Change } from '../changes.js';
import { STATE_LIMITS } from '../limits.js';
import { Backlog } from './backlog.js';
import type { Binding } from './binding.js';
import { type BindingTable, matches } from './binding-table.js';
import { eventPayload } from './event.js';
import { isTruthy } from './truthy.js';

export interface FanOutSettings {
  /** Milliseconds a condition, and then a handler, may take before the next event of that key goes on without it. */
  readonly timeoutMs: number;
  /** Deliveries at a time. */
  readonly concurrency: number;
  /** Bytes of events that may wait. */
  readonly maxWaitingBytes: number;
}

export interface FanOutOptions {
  readonly calls: Pick<RawCalls, 'trigger'>;
  readonly bindings: BindingTable;
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: () => FanOutSettings;
}

interface Delivery {
  readonly payload: RawJson;
  readonly bytes: number;
}

/** What one binding has still to hear about one key, in order. */
interface Lane {
  readonly name: string;
  readonly bindingId: string;
  readonly address: Address;
  readonly waiting: Backlog<Delivery>;
}

/** Milliseconds between two lines of the log about events that found no room. */
const COMPLAIN_EVERY_MS = 10_000;

/**
 * Brings what happened to the functions that are bound to it (§1.6, §1.12.13). For each binding the events of one key
 * go one after the other, in the order in which they happened; different keys and bindings do not wait for each other.
 */
export class FanOut {
  /** Lanes that have something to deliver or are doing so, by binding and address. */
  readonly #lanes = new Map<string, Lane>();
  /** Those of them whose turn has not come. */
  readonly #ready = new Backlog<Lane>();
  #running = 0;
  #waitingBytes = 0;
  #dropped = 0;
  #complainedAt = Number.NEGATIVE_INFINITY;
  #idle: Array<() => void> = [];

  constructor(private readonly options: FanOutOptions) {}

  /** Payloads are made only for what somebody wants to hear. */
  publish(changes: readonly Change[]): void {
    const { bindings } = this.options;
    if (bindings.size === 0) return;
    for (const change of changes) {
      const wanting = bindings.matching(change);
      if (wanting.length === 0) continue;
      const bytes = (change.before?.length ?? 0) + (change.after?.length ?? 0);
      if (bytes > STATE_LIMITS.resultBytes) {
        this.#tooLarge(change, bytes);
        continue;
      }
      const payload = eventPayload(change);
      for (const { id } of wanting) this.#add(id, change, payload);
    }
    this.#start();
  }

  /** Resolves when everything is delivered, or when the signal is aborted: then the rest is dropped. */
  async finish(signal: AbortSignal): Promise<void> {
    if (this.#lanes.size > 0 && !signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#idle.push(resolve);
        signal.addEventListener('abort', () => resolve(), { once: true });
      });
    }
    const left = [...this.#lanes.values()].reduce((sum, { waiting }) => sum + waiting.length, 0);
    if (left > 0) {
      this.options.log.warn(
        { events: left },
        'events of state were not delivered before the worker had to stop',
      );
    }
    this.#ready.clear();
    for (const { waiting } of this.#lanes.values()) waiting.clear();
  }

  #add(bindingId: string, { scope, key }: Change, payload: RawJson): void {
    const bytes = payload.length + STATE_LIMITS.eventOverheadBytes;
    if (this.#waitingBytes + bytes > this.options.settings().maxWaitingBytes && this.#waitingBytes > 0) {
      this.#noRoom(bindingId, { scope, key });
      return;
    }
    this.#waitingBytes += bytes;
    const name = laneName(bindingId, { scope, key });
    const lane = this.#lanes.get(name);
    if (lane !== undefined) {
      lane.waiting.push({ payload, bytes });
      return;
    }
    const opened: Lane = { name, bindingId, address: { scope, key }, waiting: new Backlog() };
    opened.waiting.push({ payload, bytes });
    this.#lanes.set(name, opened);
    this.#ready.push(opened);
  }

  #start(): void {
    const { concurrency } = this.options.settings();
    while (this.#running < concurrency) {
      const lane = this.#ready.take();
      if (lane === undefined) return;
      this.#running++;
      void this.#deliverNext(lane).finally(() => {
        this.#running--;
        this.#afterDelivery(lane);
      });
    }
  }

  #afterDelivery(lane: Lane): void {
    if (lane.waiting.length > 0) this.#ready.push(lane);
    else this.#lanes.delete(lane.name);
    this.#start();
    if (this.#lanes.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Never rejects. */
  async #deliverNext({ bindingId, address, waiting }: Lane): Promise<void> {
    const delivery = waiting.take();
    if (delivery === undefined) return;
    try {
      // As it is bound now: it may have gone, or been replaced, since the event happened.
      const binding = this.options.bindings.get(bindingId);
      if (binding !== undefined && matches(binding, address)) await this.#deliver(binding, delivery.payload);
    } catch (error) {
      this.options.log.error(
        { err: error, trigger_id: bindingId, ...address },
        'a state trigger failed: its function, or its condition, did not take the event',
      );
    } finally {
      this.#waitingBytes -= delivery.bytes;
    }
  }

  async #deliver(binding: Binding, payload: RawJson): Promise<void> {
    const { calls, settings } = this.options;
    const { functionId, condition, namespace, metadata } = binding;
    const { timeoutMs } = settings();
    if (condition !== undefined) {
      const verdict = await calls.trigger({ function_id: condition, payload, namespace, timeoutMs });
      if (!isTruthy(verdict)) return;
    }
    await calls.trigger({
      function_id: functionId,
      payload,
      namespace,
      timeoutMs,
      ...(metadata === undefined ? {} : { metadata }),
    });
  }

  #noRoom(bindingId: string, address: Address): void {
    this.#dropped++;
    const { clock, log, settings } = this.options;
    if (clock.monotonic() - this.#complainedAt < COMPLAIN_EVERY_MS) return;
    this.#complainedAt = clock.monotonic();
    log.error(
      { trigger_id: bindingId, ...address, events: this.#dropped, limit: settings().maxWaitingBytes },
      'events of state are lost: handlers are slower than writes, and no more may wait. Raise trigger_queue_bytes, or make the handlers faster',
    );
    this.#dropped = 0;
  }

  #tooLarge({ scope, key }: Change, bytes: number): void {
    this.options.log.error(
      { scope, key, bytes, limit: STATE_LIMITS.resultBytes },
      'an event of state is lost: old and new value together do not fit into one message',
    );
  }
}

function laneName(bindingId: string, address: Address): string {
  return `${bindingId.length}:${bindingId}${addressName(address)}`;
}
