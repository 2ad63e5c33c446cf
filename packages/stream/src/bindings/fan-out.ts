import { AsyncResource } from 'node:async_hooks';
import type { Log } from 'iii-protocol';
import type { Caller } from '../caller.js';
import type { StreamEvent } from '../event.js';
import type { Binding } from './binding.js';
import type { BindingTable } from './binding-table.js';
import { Lanes } from './lanes.js';

/** What may wait for functions that are bound: events of all bindings together. */
const LIMITS = { running: 256, jobs: 100_000, bytes: 256 * 1024 * 1024 };

/** Milliseconds a bound function, or its condition, may take. */
const CALL_TIMEOUT_MS = 30_000;

/** Streams of those who watch the engine. */
const DEVTOOLS = 'iii:devtools:';

/**
 * Calls functions bound to `stream` (spec §0.6, §2.3). Events of one item reach one binding in the order they happened,
 * each when the one before has been handled; a slow function holds nobody else up.
 */
export class FanOut {
  readonly #lanes = new Lanes(LIMITS);
  /** Made when the worker starts, and so outside of any call. */
  readonly #untraced = new AsyncResource('iii-stream.untraced');
  #left = 0;

  constructor(
    private readonly bindings: BindingTable,
    private readonly caller: Caller,
    private readonly logger: Log,
  ) {}

  dispatch(event: StreamEvent): void {
    const { streamName, groupId } = event.group;
    for (const binding of this.bindings.of(streamName)) {
      if (!isMeant(binding, event)) continue;
      const lane = JSON.stringify([binding.id, groupId, event.id]);
      const run = this.#traced(streamName, () => this.#fire(binding, event));
      const added = this.#lanes.add(lane, event.text.length, run);
      if (!added) this.#leaveOut(binding);
    }
  }

  /** Resolves once every function has been called that was to be. */
  idle(): Promise<void> {
    return this.#lanes.idle();
  }

  /**
   * A call belongs to the trace of the write it follows from, however long it has waited. Feeds of traces are the
   * exception: they would trace themselves (§2.3).
   */
  #traced(streamName: string, run: () => Promise<void>): () => Promise<void> {
    if (streamName.startsWith(DEVTOOLS)) return () => this.#untraced.runInAsyncScope(run);
    return AsyncResource.bind(run);
  }

  async #fire(binding: Binding, event: StreamEvent): Promise<void> {
    const { target, condition } = binding;
    if (!this.bindings.has(binding)) return;
    try {
      if (condition === undefined || (await this.caller.holds(condition, event.text, CALL_TIMEOUT_MS)))
        await this.caller.call(target, event.text, CALL_TIMEOUT_MS);
    } catch (error) {
      this.logger.error(
        { err: error, trigger_id: binding.id, function_id: target.functionId },
        'a function bound to a stream failed, or its condition did',
      );
    }
  }

  #leaveOut({ id, target }: Binding): void {
    this.#left++;
    // At 1, 10, 100, …: whoever reads the log learns of it, and of how much it is.
    if (!Number.isInteger(Math.log10(this.#left))) return;
    this.logger.error(
      { trigger_id: id, function_id: target.functionId, left_out: this.#left },
      'too many events wait for the functions bound to streams: events are left out',
    );
  }
}

function isMeant({ groupId, itemId }: Binding, event: StreamEvent): boolean {
  if (groupId !== undefined && groupId !== event.group.groupId) return false;
  return itemId === undefined || itemId === event.id;
}
