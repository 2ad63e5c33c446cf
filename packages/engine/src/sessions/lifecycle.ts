import { timingSafeEqual } from 'node:crypto';
import type { ChannelHub } from 'iii-channel/hub';
import { canonicalUuid, DEFAULT_NAMESPACE, isUuid, type ReattachFrame } from 'iii-protocol';
import type { EngineFunctionInput } from 'iii-protocol/engine-functions';
import type { Discovery } from '../discovery.js';
import type { Surroundings } from '../options.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { Router } from '../routing/router.js';
import type { Triggers } from '../triggers/triggers.js';
import { offeredExtensions } from './extensions.js';
import { type GatedFrame, RegistrationGate } from './gate.js';
import { Liveness } from './liveness.js';
import { NameLeases, understandsRejection } from './name-leases.js';
import type { Peer } from './peer.js';
import { type InProcessIdentity, Session } from './session.js';
import type { SessionTable } from './session-table.js';
import { Twins } from './twins.js';
import { announced, cleanText } from './worker-info.js';

type Announcement = EngineFunctionInput<'engine::workers::register'>;

/** What a session touches when it comes and goes. */
export interface Tables {
  readonly sessions: SessionTable;
  readonly functions: FunctionTable;
  readonly triggers: Triggers;
  readonly router: Router;
  readonly discovery: Discovery;
  readonly channels: ChannelHub;
}

/** Opens, announces, retires and ends sessions (protocol.md §1.9, §11). */
export class Lifecycle {
  readonly #liveness: Liveness<Session>;
  readonly #names = new NameLeases();
  readonly #twins = new Twins();

  constructor(
    private readonly env: Surroundings,
    private readonly tables: Tables,
    private readonly applyRegistration: (session: Session, frame: GatedFrame) => void,
  ) {
    this.#liveness = new Liveness(env.clock, env.limits.livenessMs, (session) => this.#lost(session));
  }

  /** §1.9 steps 3 to 6. */
  open(peer: Peer, inProcess?: InProcessIdentity): Session {
    const { env } = this;
    const gate = new RegistrationGate(env.limits, (frame) => this.applyRegistration(session, frame));
    const session: Session = new Session({
      id: env.randomUuid(),
      reattachToken: env.randomUuid(),
      peer,
      gate,
      clock: env.clock,
      inProcess,
      maxUnannouncedFramesPerSecond: env.limits.maxUnannouncedFramesPerSecond,
    });
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
      extensions: offeredExtensions(env.limits),
    });
    if (inProcess === undefined) {
      this.#liveness.watch(session);
      this.tables.discovery.workerChanged('worker_connected', session.id);
    }
    return session;
  }

  /**
   * §9.9, once its input is known to be good.
   *
   * @returns false when the worker’s name is taken and the connection is being closed for it.
   */
  announce(session: Session, input: Announcement, namespace: string): boolean | Promise<boolean> {
    if (!session.isOpen) return true;
    const name = cleanText(input.name);
    if (this.env.replicas !== 'exclusive' || name === undefined) {
      this.#welcome(session, input, namespace);
      return true;
    }
    const claim = { session, input, namespace, name, leaseNamespace: session.gate.namespace ?? namespace };
    const incumbent = this.#names.incumbent(session, claim.leaseNamespace, name);
    if (incumbent === undefined) {
      this.#grantName(claim);
      return true;
    }
    if (understandsRejection(input)) return this.#contestName(claim, incumbent);
    this.env.log.warn(
      { worker: session.label, worker_id: session.id, name, owner_worker_id: incumbent.id },
      'two workers have the same name; the older one keeps it, since the newer one would not understand a refusal',
    );
    this.#welcome(session, input, namespace);
    return true;
  }

  /** Ends a session that does not show within a moment that it lives (§19.4). */
  async challenge(session: Session, withinMs = this.env.limits.probeMs): Promise<void> {
    const lives = await this.#liveness.probe(session, withinMs);
    if (!lives && session.isOpen) this.#lost(session);
  }

  /** Something came in from the other side. */
  heard(session: Session): void {
    this.#liveness.heard(session);
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
    this.#liveness.forget(session);
    session.gate.abort();
    const { functions, router, triggers, sessions, discovery, channels } = this.tables;
    functions.withdrawAll(session);
    router.release(session);
    triggers.releaseBindings(session);
    triggers.releaseTypes(session);
    this.#names.release(session);
    this.#twins.remove(session);
    channels.releaseOwner(session.id);
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

  /** The announcement counts. */
  #welcome(session: Session, input: Announcement, namespace: string): void {
    session.learn(announced(session.info, input));
    for (const twin of this.#twins.add(session)) void this.challenge(twin, this.env.limits.twinProbeMs);
    this.#stopGrace(session);
    if (!session.gate.resolve(namespace) && session.namespace !== namespace) {
      this.env.log.warn(
        { worker: session.label, namespace: session.namespace, declared: namespace },
        'a worker declared another namespace than the one it already has, which it keeps',
      );
    }
    if (session.inProcess === undefined && session.isOpen) {
      this.tables.discovery.workerChanged('worker_metadata_updated', session.id);
    }
  }

  #grantName(claim: NameClaim): void {
    this.#names.grant(claim.session, claim.leaseNamespace, claim.name);
    this.#welcome(claim.session, claim.input, claim.namespace);
  }

  /** §4.4, §19.4: a name is only refused for a worker that lives. */
  async #contestName(claim: NameClaim, incumbent: Session): Promise<boolean> {
    const { session, name, leaseNamespace } = claim;
    this.#stopGrace(session);
    await this.challenge(incumbent);
    if (!session.isOpen) return true;
    const owner = this.#names.incumbent(session, leaseNamespace, name);
    if (owner === undefined) {
      this.#grantName(claim);
      return true;
    }
    session.send({
      type: 'registrationrejected',
      code: 'WORKER_NAMESPACE_CONFLICT',
      namespace: leaseNamespace,
      worker_name: name,
      owner_worker_id: owner.id,
    });
    this.drop(session, 1008, `the name ${name} is taken by worker ${owner.id}`);
    return false;
  }

  /** Nothing was heard of it for too long, or when it was asked. */
  #lost(session: Session): void {
    this.env.log.warn(
      { worker: session.label, worker_id: session.id },
      'a worker shows no sign of life any more',
    );
    this.end(session);
    session.peer.terminate();
  }

  #graceOver(session: Session): void {
    session.graceTimer = undefined;
    const { held } = session.gate;
    if (!session.gate.resolve(DEFAULT_NAMESPACE) || held === 0) return;
    this.env.log.warn(
      { worker: session.label, worker_id: session.id },
      'a worker did not announce itself in time; what it registers goes to the default namespace',
    );
    // Perhaps it was cut off in the middle of its replay; what it offers must not stay until silence is noticed.
    void this.challenge(session);
  }

  #stopGrace(session: Session): void {
    if (session.graceTimer !== undefined) this.env.clock.clearTimeout(session.graceTimer);
    session.graceTimer = undefined;
  }
}

interface NameClaim {
  readonly session: Session;
  readonly input: Announcement;
  readonly namespace: string;
  readonly name: string;
  readonly leaseNamespace: string;
}

function sameSecret(a: string, b: string): boolean {
  const left = Buffer.from(a);
  const right = Buffer.from(b);
  return left.length === right.length && timingSafeEqual(left, right);
}
