import type { Socket, SocketEvents } from 'iii-listener';
import { type Clock, Deadlines, type RawJson, type Timer } from 'iii-protocol';
import type { Attendance } from '../bindings/attendance.js';
import { OutboundBudget } from './outbound-budget.js';
import { Session, type SessionContext } from './session.js';

/** All sockets of the worker, on whichever port they came in. */
export class Sessions {
  readonly #sessions = new Set<Session>();
  readonly #context: SessionContext;
  readonly #clock: Clock;
  readonly #stalls: Deadlines;
  #timer: Timer | undefined;
  #isClosed = false;
  /** Handshakes that wait for the auth function: they will be sockets. */
  #arriving = 0;

  constructor(context: Omit<SessionContext, 'budget' | 'stalls'>) {
    this.#clock = context.clock;
    this.#stalls = new Deadlines(context.clock);
    this.#context = { ...context, budget: new OutboundBudget(), stalls: this.#stalls };
    this.#schedule();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Whether another socket may come. */
  get hasRoom(): boolean {
    return this.#sessions.size + this.#arriving < this.#context.settings.config.limits.max_sockets;
  }

  /** Keeps a place while it is decided whether a socket may come. */
  async arriving<T>(decision: Promise<T>): Promise<T> {
    this.#arriving++;
    try {
      return await decision;
    } finally {
      this.#arriving--;
    }
  }

  /** @param joins what the path of the socket named. */
  open(socket: Socket, identity: RawJson, joins: Attendance | undefined): SocketEvents {
    const session = new Session(socket, identity, this.#context);
    this.#sessions.add(session);
    void session.gone.then(() => this.#sessions.delete(session));
    if (joins !== undefined) session.joinByPath(joins);
    return session;
  }

  /** The store is another one: everyone is shown what it has. */
  resync(): void {
    for (const session of this.#sessions) session.resync();
  }

  /** The port is closed: resolves once everyone has been told who has left. */
  async allGone(): Promise<void> {
    await Promise.all([...this.#sessions].map(({ gone }) => gone));
  }

  close(): void {
    this.#isClosed = true;
    this.#stalls.close();
    if (this.#timer !== undefined) this.#clock.clearTimeout(this.#timer);
  }

  #schedule(): void {
    this.#timer = this.#clock.setTimeout(() => {
      for (const session of this.#sessions) session.probe();
      if (!this.#isClosed) this.#schedule();
    }, this.#context.settings.config.limits.ping_interval);
  }
}
