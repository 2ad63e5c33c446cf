import { timingSafeEqual } from 'node:crypto';
import {
  CALLER_MEMBER,
  canonicalUuid,
  DEFAULT_NAMESPACE,
  type EngineFunctionInput,
  isUuid,
  type ReattachFrame,
} from 'iii-protocol';
import type { Discovery } from '../discovery.js';
import type { Surroundings } from '../options.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { Router } from '../routing/router.js';
import type { Triggers } from '../triggers/triggers.js';
import { WarningBudget } from '../warning-budget.js';
import { type GatedFrame, RegistrationGate } from './gate.js';
import type { Peer } from './peer.js';
import { type InProcessIdentity, Session } from './session.js';
import type { SessionTable } from './session-table.js';
import { announced } from './worker-info.js';

/** What a session touches when it comes and goes. */
export interface Tables {
  readonly sessions: SessionTable;
  readonly functions: FunctionTable;
  readonly triggers: Triggers;
  readonly router: Router;
  readonly discovery: Discovery;
}

/** Opens, announces, retires and ends sessions (protocol.md §1.9, §11). */
export class Lifecycle {
  constructor(
    private readonly env: Surroundings,
    private readonly tables: Tables,
    private readonly applyRegistration: (session: Session, frame: GatedFrame) => void,
  ) {}

  /** §1.9 steps 3 to 6. */
  open(peer: Peer, inProcess?: InProcessIdentity): Session {
    const { env } = this;
    const gate = new RegistrationGate(env.limits, (frame) => this.applyRegistration(session, frame));
    const session: Session = new Session(
      env.randomUuid(),
      env.randomUuid(),
      peer,
      gate,
      env.clock.now(),
      new WarningBudget(env.clock),
      inProcess,
      CALLER_MEMBER,
    );
    this.tables.sessions.add(session);
    if (inProcess === undefined) {
      session.graceTimer = env.clock.setTimeout(
        () => this.#graceOver(session),
        env.limits.registrationGraceMs,
      );
    } else {
      gate.resolve(DEFAULT_NAMESPACE);
    }
    session.send({
      type: 'workerregistered',
      worker_id: session.id,
      reattach_token: session.reattachToken,
    });
    if (inProcess === undefined) this.tables.discovery.workerChanged('worker_connected', session.id);
    return session;
  }

  /** §9.9, once its input is known to be good. */
  announce(
    session: Session,
    input: EngineFunctionInput<'engine::workers::register'>,
    namespace: string,
  ): void {
    if (!session.isOpen) return;
    session.learn(announced(session.info, input));
    this.#stopGrace(session);
    if (!session.gate.resolve(namespace) && session.namespace !== namespace) {
      this.env.log.warn(
        { worker: session.label, namespace: session.namespace, declared: namespace },
        'a worker declared another namespace than the one it already has, which it keeps',
      );
    }
    if (session.inProcess === undefined) {
      this.tables.discovery.workerChanged('worker_metadata_updated', session.id);
    }
  }

  /** §11.5: a worker that reconnects retires the connection it had. */
  reattach(session: Session, frame: ReattachFrame): void {
    const previousId = isUuid(frame.previous_worker_id) ? canonicalUuid(frame.previous_worker_id) : undefined;
    const previous = previousId === undefined ? undefined : this.tables.sessions.get(previousId);
    if (previous === session) return;
    if (previous === undefined || previous.inProcess !== undefined) {
      this.env.log.debug({ worker: session.label }, 'a worker named a previous connection that is not here');
      return;
    }
    if (!sameSecret(frame.reattach_token ?? '', previous.reattachToken)) {
      const { log, suppressed } = session.warnings.take();
      if (log) this.env.log.warn({ worker: session.label, suppressed }, 'a reattach token was wrong');
      return;
    }
    this.end(previous);
    previous.peer.terminate();
  }

  /** §11.3. Runs to its end before it returns; later calls for the same session do nothing. */
  end(session: Session): void {
    if (!session.advance('ending')) return;
    this.#stopGrace(session);
    session.gate.abort();
    const { functions, router, triggers, sessions, discovery } = this.tables;
    functions.withdrawAll(session);
    router.release(session);
    triggers.releaseBindings(session);
    triggers.releaseTypes(session);
    sessions.remove(session);
    session.advance('ended');
    if (session.inProcess === undefined) discovery.workerChanged('worker_disconnected', session.id);
  }

  /** Ends a session for a reason of the engine’s own, and tells the peer. */
  drop(session: Session, code: number, reason: string): void {
    this.env.log.warn({ worker: session.label, code }, `dropped a worker: ${reason}`);
    this.end(session);
    session.peer.close(code, reason);
  }

  #graceOver(session: Session): void {
    session.graceTimer = undefined;
    const { held } = session.gate;
    if (!session.gate.resolve(DEFAULT_NAMESPACE) || held === 0) return;
    this.env.log.warn(
      { worker: session.label, worker_id: session.id },
      'a worker did not announce itself in time; what it registers goes to the default namespace',
    );
  }

  #stopGrace(session: Session): void {
    if (session.graceTimer !== undefined) this.env.clock.clearTimeout(session.graceTimer);
    session.graceTimer = undefined;
  }
}

function sameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
