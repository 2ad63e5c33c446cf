import {
  type Action,
  DEFAULT_NAMESPACE,
  ENQUEUE_FUNCTION,
  ENQUEUE_MANY_FUNCTION,
  type InvokeFunctionFrame,
} from 'iii-protocol';
import { toErrorBody } from '../errors.js';
import type { Session } from '../sessions/session.js';
import { type TraceContext, traceOf } from '../trace-context.js';
import type { Answers } from './answers.js';
import type { Outcome } from './call.js';
import type { CallCounts } from './call-counts.js';
import {
  type EnqueuedJob,
  enqueueCall,
  enqueuedJob,
  enqueueManyCall,
  enqueueOutcome,
  outcomesOf,
} from './enqueue.js';
import type { FunctionTable } from './function-table.js';
import type { EngineCall } from './router.js';

type EnqueueAction = Extract<Action, { type: 'enqueue' }>;

/** Jobs that are handed over together at most, and bytes of their data: what is longer need not be copied for that. */
const MOST_JOBS = 256;
const MOST_BYTES = 256 * 1024;

/** As `queueMicrotask` does it, without the resource of its own that each of those costs. */
const NOW = Promise.resolve();

interface Enqueue {
  readonly session: Session;
  readonly frame: InvokeFunctionFrame;
  readonly trace: TraceContext;
  readonly job: EnqueuedJob;
}

export interface EnqueuesContext {
  readonly functions: FunctionTable;
  readonly answers: Answers;
  readonly counts: CallCounts;
  readonly newReceipt: () => string;
  /** Never rejects. */
  readonly call: (request: EngineCall) => Promise<Outcome>;
}

/**
 * Calls with the action enqueue, on their way to the queue provider (protocol.md §7.3).
 *
 * A provider in this process that takes many jobs at a time gets those of one turn of the event loop together: each for
 * itself would cost as much again as to store it.
 */
export class Enqueues {
  #gathered: Enqueue[] = [];
  #bytes = 0;
  /** Who is to get what is gathered. */
  #provider: Session | undefined;

  constructor(private readonly context: EnqueuesContext) {}

  add(
    session: Session,
    frame: InvokeFunctionFrame,
    action: EnqueueAction,
    namespace: string,
    hasUnderscore: boolean,
  ): void {
    const { answers } = this.context;
    const trace = traceOf(frame);
    let job: EnqueuedJob;
    try {
      job = enqueuedJob(frame, action, namespace, hasUnderscore);
    } catch (error) {
      answers.reply(session, frame, { error: toErrorBody(error) }, trace);
      return;
    }
    const enqueue = { session, frame, trace, job };
    const provider = this.#providerOfMany();
    if (provider !== this.#provider || this.#bytes + frame.data.length > MOST_BYTES) this.flush();
    if (provider === undefined || frame.data.length > MOST_BYTES) {
      this.#hand(enqueue);
      return;
    }
    this.#provider = provider;
    this.#bytes += frame.data.length;
    if (this.#gathered.push(enqueue) === 1) void NOW.then(this.#flushed);
    else if (this.#gathered.length === MOST_JOBS) this.flush();
  }

  /** Something else is about to go to a worker: behind what came before it. */
  before(executor: Session): void {
    if (executor === this.#provider) this.flush();
  }

  /** Hands over what is gathered. */
  flush(): void {
    const enqueues = this.#gathered;
    if (enqueues.length === 0) return;
    this.#gathered = [];
    this.#bytes = 0;
    this.#provider = undefined;
    const [first] = enqueues;
    if (enqueues.length === 1 && first !== undefined) this.#hand(first);
    else void this.#handMany(enqueues);
  }

  readonly #flushed = (): void => this.flush();

  #hand(enqueue: Enqueue): void {
    const { call, newReceipt } = this.context;
    const receiptId = newReceipt();
    void call(enqueueCall(enqueue.job, receiptId)).then((outcome) =>
      this.#answer(enqueue, enqueueOutcome(outcome, receiptId)),
    );
  }

  async #handMany(enqueues: readonly Enqueue[]): Promise<void> {
    const jobs = enqueues.map(({ job }) => job);
    const { call, counts } = this.context;
    const outcome = await call(enqueueManyCall(jobs));
    const outcomes = outcomesOf(outcome, jobs);
    counts.together(outcome, outcomes);
    enqueues.forEach((enqueue, at) => {
      this.#answer(enqueue, outcomes[at] ?? {});
    });
  }

  #answer({ session, frame, trace }: Enqueue, outcome: Outcome): void {
    this.context.answers.reply(session, frame, outcome, trace);
  }

  #providerOfMany(): Session | undefined {
    const providers = this.context.functions.find(DEFAULT_NAMESPACE, ENQUEUE_FUNCTION)?.providers;
    const [only] = providers ?? [];
    if (only?.kind !== 'session' || providers?.length !== 1) return undefined;
    const { session } = only;
    const takesMany = session.inProcess !== undefined && session.functions.has(ENQUEUE_MANY_FUNCTION);
    return takesMany ? session : undefined;
  }
}
