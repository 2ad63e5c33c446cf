import { SlotMap } from 'iii-protocol';
import type { HandlerContext } from '../engine.js';
import { CancellationError } from '../errors.js';

/**
 * What becomes of the answer of a handler: sent whole while somebody waits; sent empty once the caller does not, which
 * is how the engine learns that this worker is free again; not sent at all when there is nobody to send it to.
 */
type Answering = 'whole' | 'empty' | 'none';

/** One handler at work on one call. */
export class RunningCall implements HandlerContext {
  #answering: Answering = 'whole';
  #reason: CancellationError | undefined;
  #controller: AbortController | undefined;

  /** @param invocationId undefined for calls that want no answer. */
  constructor(readonly invocationId: string | undefined) {}

  get answering(): Answering {
    return this.#answering;
  }

  /** Made when a handler asks for it, which most never do. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason !== undefined) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** The first reason is the one the handler sees; later ones can only end its answer. */
  stop(answering: 'empty' | 'none', reason: CancellationError): void {
    if (this.#answering !== 'none') this.#answering = answering;
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }
}

/** The handlers that are at work. Each is here from its start until it has answered, whatever is said to it. */
export class RunningCalls {
  readonly #calls = new SlotMap<string | number, RunningCall>();
  /** Calls nobody waits for, which have no id: they are counted. */
  #unnamed = 0;
  #idle: Array<() => void> = [];

  get size(): number {
    return this.#calls.size;
  }

  /** Runs `work` as a call that is at work until it is done. */
  async run(invocationId: string | undefined, work: (call: RunningCall) => Promise<void>): Promise<void> {
    const key = invocationId ?? this.#unnamed++;
    const call = new RunningCall(invocationId);
    this.#calls.set(key, call);
    try {
      await work(call);
    } finally {
      if (this.#calls.get(key) === call) this.#calls.delete(key);
      if (this.#calls.size === 0) for (const resolve of this.#idle.splice(0)) resolve();
    }
  }

  /** The caller does not wait any more. */
  cancel(invocationId: string, reason: string | undefined): void {
    const text = reason ?? 'the caller does not wait any more';
    this.#calls.get(invocationId)?.stop('empty', new CancellationError('CANCELLED', text));
  }

  /**
   * The connection is gone: the engine has told every caller `invocation_stopped` (protocol.md §11.3), and takes no
   * answer to what came over it. Calls nobody waits for go on.
   */
  lose(reason: string): void {
    for (const call of this.#calls.values()) {
      if (call.invocationId !== undefined)
        call.stop('none', new CancellationError('CONNECTION_LOST', reason));
    }
  }

  /** This client is shutting down and waits no longer. */
  stopAll(): void {
    for (const call of this.#calls.values()) {
      call.stop('none', new CancellationError('SHUTDOWN', 'this worker is shutting down'));
    }
  }

  /** Resolves once no handler is at work. */
  async whenIdle(): Promise<void> {
    if (this.#calls.size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
