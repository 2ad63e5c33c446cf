import { isCanonicalUuid } from 'iii-protocol';
import type { Session } from '../sessions/session.js';
import type { Call, Caller } from './call.js';

/**
 * The calls workers are executing. A call is on record before its executor hears of it and until the executor
 * answers or leaves; nothing else ends a record.
 */
export class InFlight {
  #size = 0;
  #idle: Array<() => void> = [];

  /**
   * @param nextId makes ids for calls whose own cannot be used.
   * @param ended told of every record that is taken out.
   */
  constructor(
    private readonly nextId: () => string,
    private readonly ended: (call: Call) => void,
  ) {}

  get size(): number {
    return this.#size;
  }

  begin(executor: Session, caller: Caller | undefined, origin: Session | undefined): Call {
    const id = this.#idFor(executor, caller);
    const call: Call = { id, executor, origin, caller, deadline: undefined, failed: false };
    if (origin !== undefined) origin.outstanding++;
    executor.executing.set(id, call);
    if (caller?.kind === 'session') caller.session.waiting.set(caller.invocationId, call);
    this.#size++;
    return call;
  }

  /**
   * What the executor shall know the call by: the caller’s own id, as long as the executor has no call of that id from
   * somebody else, and is sure to spell it the same way.
   */
  #idFor(executor: Session, caller: Caller | undefined): string {
    const own = caller?.kind === 'session' ? caller.invocationId : undefined;
    return own !== undefined && !executor.executing.has(own) && isCanonicalUuid(own) ? own : this.nextId();
  }

  /** Takes the record out when the executor answers; undefined when it has no such call (§19.8). */
  finish(executor: Session, id: string): Call | undefined {
    const call = executor.executing.get(id);
    if (call !== undefined) this.#forget(call);
    return call;
  }

  /** Takes the record of a call out that never reached its executor. */
  withdraw(call: Call): void {
    if (call.executor.executing.get(call.id) === call) this.#forget(call);
  }

  /** Takes out every call the session was executing and returns them: somebody may be waiting. */
  stopExecutor(session: Session): Call[] {
    const calls = [...session.executing.values()];
    for (const call of calls) this.#forget(call);
    return calls;
  }

  /** Nobody waits for a call any more; its executor goes on until it answers. */
  abandon(session: Session, invocationId: string): Call | undefined {
    const call = session.waiting.delete(invocationId);
    if (call !== undefined) call.caller = undefined;
    return call;
  }

  /** Nobody waits for any call of this session any more. */
  abandonAll(session: Session): Call[] {
    const calls = [...session.waiting.values()];
    for (const call of calls) call.caller = undefined;
    session.waiting.clear();
    return calls;
  }

  /** Resolves once no call is in flight. */
  async whenIdle(): Promise<void> {
    if (this.#size === 0) return;
    await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #forget(call: Call): void {
    call.executor.executing.delete(call.id);
    const { caller } = call;
    if (caller?.kind === 'session' && caller.session.waiting.get(caller.invocationId) === call) {
      caller.session.waiting.delete(caller.invocationId);
    }
    if (call.origin !== undefined) call.origin.outstanding--;
    this.#size--;
    this.ended(call);
    if (this.#size > 0) return;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
