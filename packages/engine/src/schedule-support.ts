import type { ReplicaMode } from './routing/function-table.js';
import { type CallRecord, type Connection, checkTables, type Wish } from './schedule-checks.js';
import { FUNCTIONS, IDS, pick, remove, type Step, TYPES } from './schedule-steps.js';
import { TestEngine } from './test-support.js';

/** Shorter than the time a connection that is asked has to show that it lives. */
const A_MOMENT_MS = 1_000;

/** An engine, and what a reader of the protocol would expect of it, step by step. */
export class Schedule {
  readonly engine: TestEngine;
  #connections: Connection[] = [];
  /** Who offers a function, oldest first. */
  readonly #providers = new Map<string, Connection[]>(FUNCTIONS.map((id) => [id, []]));
  /** Who serves a trigger type, in the order of registration: the last one is active. */
  readonly #servers = new Map<string, Connection[]>(TYPES.map((id) => [id, []]));
  readonly #calls: CallRecord[] = [];

  constructor(private readonly mode: ReplicaMode) {
    this.engine = new TestEngine({ livenessMs: 1_000_000_000 }, mode);
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) {
      await this.#take(step);
      this.#showLife();
      await this.engine.settle();
      this.#settleCalls();
      this.#check();
    }
    for (const connection of [...this.#connections])
      this.#lose(connection, () => connection.wire.disconnect());
    this.#check();
    if (this.engine.core.router.inFlight.size !== 0) throw new Error('calls are left behind');
    if ([...this.engine.core.triggers.bindings.values()].length > 0)
      throw new Error('bindings are left behind');
  }

  async #take(step: Step): Promise<void> {
    if (step.do === 'connect') return void this.#connect(step.announcesFirst);
    if (step.do === 'wait') return this.#wait(step.ms);
    const reading = this.#connections.filter(({ isReading }) => isReading);
    const who = reading[step.who % Math.max(reading.length, 1)];
    if (step.do === 'drop') {
      const slow = this.#connections.find(({ isReading }) => !isReading);
      if (slow !== undefined) {
        this.#lose(slow, () => this.engine.core.lifecycle.drop(slow.wire.session, 1013, 'it does not read'));
      }
      return;
    }
    if (who === undefined) return;
    switch (step.do) {
      case 'reattach': {
        const next = this.#connect(step.announcesFirst);
        const { id, token } = who.wire;
        this.#lose(who, () => {
          next.wire.send({ type: 'reattach', previous_worker_id: id, reattach_token: token });
        });
        return;
      }
      case 'announce':
        who.wire.announce({ name: 'w', pid: 1, version: '0.22.1' });
        this.#announced(who);
        return;
      case 'cut':
        return this.#lose(who, () => who.wire.disconnect());
      case 'stopReading':
        who.wire.delivery = 'closed';
        who.isReading = false;
        return;
      case 'offer':
        return this.#offer(who, pick(FUNCTIONS, step.what));
      case 'withdraw':
        return this.#withdraw(who, pick(FUNCTIONS, step.what));
      case 'serve':
        return this.#serve(who, pick(TYPES, step.what));
      case 'unserve':
        return this.#unserve(who, pick(TYPES, step.what));
      case 'bind':
        return this.#bind(who, pick(IDS, step.what), {
          type: pick(TYPES, step.how),
          functionId: pick(FUNCTIONS, step.how),
        });
      case 'unbind':
        return this.#unbind(who, pick(IDS, step.what));
      case 'call':
        return this.#call(who, pick(FUNCTIONS, step.what), step.deadline);
      case 'cancel': {
        const call = pick(
          this.#calls.filter(({ caller, state }) => caller === who && state === 'given'),
          step.what,
        );
        if (call === undefined) return;
        who.wire.send({ type: 'cancelinvocation', invocation_id: call.id });
        call.state = 'left';
        return;
      }
      case 'answer':
      case 'answerTwice':
      case 'forge':
        return this.#answer(step.do, who, step.what);
    }
  }

  #connect(announcesFirst: boolean): Connection {
    const connection: Connection = {
      wire: this.engine.connect().agreeOn('cancel'),
      isAnnounced: false,
      isReading: true,
      held: [],
      heldFunctions: new Set(),
      bindings: new Map(),
      served: new Map(),
    };
    this.#connections.push(connection);
    if (announcesFirst) {
      connection.wire.announce({ name: 'w', pid: 1, version: '0.22.1' });
      this.#announced(connection);
    }
    return connection;
  }

  #announced(who: Connection): void {
    if (who.isAnnounced) return;
    who.isAnnounced = true;
    who.heldFunctions.clear();
    for (const apply of who.held.splice(0)) apply();
  }

  /** Registrations count at once, or with the announcement. */
  #gated(who: Connection, apply: () => void): void {
    if (who.isAnnounced) apply();
    else who.held.push(apply);
  }

  #offer(who: Connection, id: string): void {
    who.wire.offer(id);
    if (!who.isAnnounced) who.heldFunctions.add(id);
    this.#gated(who, () => {
      const providers = this.#providers.get(id) ?? [];
      if (!providers.includes(who)) providers.push(who);
    });
  }

  #withdraw(who: Connection, id: string): void {
    who.wire.send({ type: 'unregisterfunction', id });
    who.heldFunctions.delete(id);
    this.#gated(who, () => remove(this.#providers.get(id), who));
  }

  #serve(who: Connection, type: string): void {
    who.wire.send({ type: 'registertriggertype', id: type, description: '' });
    this.#gated(who, () => {
      const servers = this.#servers.get(type);
      remove(servers, who);
      servers?.push(who);
    });
  }

  #unserve(who: Connection, type: string): void {
    // Whoever withdraws a type forgets what was bound to it, and is not told of releases any more (§19.2).
    who.served.set(type, who.isAnnounced ? who.wire.inbox.length : 'unknown');
    who.wire.send({ type: 'unregistertriggertype', id: type });
    this.#gated(who, () => remove(this.#servers.get(type), who));
  }

  #bind(who: Connection, id: string, wish: Wish): void {
    const { type, functionId } = wish;
    who.wire.send({ type: 'registertrigger', id, trigger_type: type, function_id: functionId, config: {} });
    this.#gated(who, () => void who.bindings.set(id, wish));
  }

  #unbind(who: Connection, id: string): void {
    who.wire.send({ type: 'unregistertrigger', id });
    this.#gated(who, () => void who.bindings.delete(id));
  }

  #call(who: Connection, functionId: string, hasDeadline: boolean): void {
    const isKnown = (this.#providers.get(functionId) ?? []).length > 0;
    const isHeld = !isKnown && who.heldFunctions.has(functionId);
    const id = who.wire.call(
      functionId,
      { n: this.#calls.length },
      hasDeadline ? { deadline_ms: 1_000 } : {},
    );
    const call: CallRecord = { id, caller: who, functionId, state: 'held', answers: 0 };
    this.#calls.push(call);
    if (isHeld) who.held.push(() => this.#dispatched(call));
    else this.#dispatched(call);
  }

  /** A call has gone to exactly one of those who could get it, or has failed. */
  #dispatched(call: CallRecord): void {
    const providers = this.#providers.get(call.functionId) ?? [];
    const serving =
      this.mode === 'shared' ? providers : providers.slice(...(this.mode === 'exclusive' ? [0, 1] : [-1]));
    const usable = serving.filter(({ isReading }) => isReading);
    if (usable.length === 0) {
      call.state = 'ended';
      return;
    }
    call.state = 'given';
    const number = this.#calls.indexOf(call);
    const fitting = this.#connections.flatMap((connection) =>
      connection.wire
        .got('invokefunction')
        .filter(({ data }) => (data as { n?: number }).n === number)
        .map((frame) => ({ connection, frame })),
    );
    const [first] = fitting;
    if (first === undefined || fitting.length > 1 || !usable.includes(first.connection)) {
      throw new Error(`call ${call.id} of ${call.functionId} was given to ${fitting.length} workers`);
    }
    call.executor = first.connection;
    call.invocation = first.frame;
  }

  #answer(how: 'answer' | 'answerTwice' | 'forge', who: Connection, what: number): void {
    const open = this.#calls.filter(
      ({ executor, invocation }) => invocation !== undefined && (how === 'forge') === (executor !== who),
    );
    const call = pick(open, what);
    if (call === undefined) return;
    who.wire.respond(call.invocation, { result: call.id });
    if (how === 'answerTwice') who.wire.respond(call.invocation, { result: 'again' });
    if (how === 'forge') return;
    if (call.state === 'given') call.state = call.caller.isReading ? 'ended' : 'left';
    delete call.executor;
  }

  #lose(who: Connection, how: () => void): void {
    remove(this.#connections, who);
    for (const providers of [...this.#providers.values(), ...this.#servers.values()]) remove(providers, who);
    for (const call of this.#calls) {
      if (call.caller === who && call.state !== 'ended') call.state = 'left';
      if (call.executor !== who) continue;
      if (call.state === 'given') call.state = call.caller.isReading ? 'ended' : 'left';
      delete call.executor;
    }
    how();
  }

  /** Timers of the engine end calls, and announce the silent, on their own. */
  async #wait(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= A_MOMENT_MS) {
      await this.engine.clock.advanceAsync(Math.min(left, A_MOMENT_MS));
      this.#showLife();
    }
  }

  #showLife(): void {
    for (const { wire } of this.#connections) wire.pong();
  }

  #settleCalls(): void {
    for (const connection of this.#connections) {
      if (connection.wire.session.gate.phase === 'resolved') this.#announced(connection);
    }
    for (const call of this.#calls) {
      const answer = call.caller.wire.answer(call.id);
      const code = (answer?.error as { code?: string } | undefined)?.code;
      if (call.state === 'given' && code === 'TIMEOUT') call.state = 'ended';
    }
  }

  #check(): void {
    checkTables(this.engine, {
      connections: this.#connections,
      providers: this.#providers,
      servers: this.#servers,
      calls: this.#calls,
    });
  }
}
