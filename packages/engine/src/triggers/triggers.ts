import {
  DEFAULT_NAMESPACE,
  type ErrorBody,
  ownRaw,
  type RegisterTriggerFrame,
  type TriggerRegistrationResultFrame,
  type Writable,
} from 'iii-protocol';
import { EngineError, toErrorBody } from '../errors.js';
import type { Surroundings } from '../options.js';
import type { Session } from '../sessions/session.js';
import { AckWaiters } from './ack-waiters.js';
import { Binding, type BindingDefinition, sameDefinition } from './binding.js';
import { BindingTable } from './binding-table.js';
import { Placement } from './placement.js';
import { Standbys } from './standbys.js';
import type { TriggerTypeEntry } from './trigger-type.js';

/** Bindings of triggers to functions: who made them, who may change them, and what their makers hear (protocol.md §6). */
export class Triggers {
  readonly bindings = new BindingTable();
  readonly placement: Placement;
  readonly #standbys = new Standbys();
  readonly #waiters: AckWaiters;

  constructor(private readonly env: Surroundings) {
    this.placement = new Placement(env, this.bindings);
    this.#waiters = new AckWaiters(env.clock, env.limits.providerAckMs);
  }

  /** §6.3 */
  bind(session: Session, frame: RegisterTriggerFrame): void {
    try {
      this.#bind(session, frame);
    } catch (error) {
      this.reject(session, frame, toErrorBody(error, 'trigger_registration_failed'));
    }
  }

  /** Tells an originator that its binding failed. */
  reject(session: Session, frame: RegisterTriggerFrame, error: ErrorBody): void {
    const { id, trigger_type, function_id } = frame;
    this.#warn(session, { trigger_id: id, trigger_type, function_id, code: error.code }, error.message);
    session.send({ type: 'triggerregistrationresult', id, trigger_type, function_id, error });
  }

  /**
   * A binding that outlives whoever asked for it (§9.10). Resolves once the provider has agreed, or has not
   * objected in time.
   *
   * @throws EngineError `trigger_registration_failed` with the provider’s reason.
   */
  async bindOwnerless(definition: Omit<BindingDefinition, 'id' | 'homeNamespace'>): Promise<string> {
    const id = this.env.randomUuid();
    const binding = new Binding({ ...definition, id, homeNamespace: DEFAULT_NAMESPACE }, true);
    const provider = this.placement.resolve(binding.definition)?.active;
    const answer =
      provider?.kind === 'session' ? this.#waiters.expect(id, provider.session) : Promise.resolve(undefined);
    this.placement.settle(binding);
    const error = await answer;
    if (error === undefined) return id;
    this.bindings.remove(binding);
    throw new EngineError('trigger_registration_failed', `${error.code}: ${error.message}`);
  }

  /**
   * §6.7. Bindings are released by their owners; those without owners by anyone.
   *
   * @returns whether there was such a binding.
   * @throws EngineError `FORBIDDEN` when it belongs to another worker, `unregister_failed` when the provider fails.
   */
  unbind(session: Session | undefined, id: string): boolean {
    if (session !== undefined && this.#standbys.remove(session, id)) return true;
    const binding = this.bindings.get(id);
    if (binding === undefined) return false;
    if (!binding.ownerless) {
      if (session === undefined || !binding.owners.includes(session)) {
        throw new EngineError('FORBIDDEN', `trigger ${id} belongs to worker ${ownersOf(binding)}`);
      }
      if (binding.owners.length > 1) {
        disown(binding, session);
        return true;
      }
    }
    this.placement.tellRelease(binding);
    this.bindings.remove(binding);
    this.#promote(id);
    return true;
  }

  /** §6.4 */
  acknowledge(session: Session, frame: TriggerRegistrationResultFrame): void {
    if (this.#waiters.settle(frame.id, session, frame.error)) return;
    const binding = this.bindings.get(frame.id);
    if (binding === undefined || binding.state.status !== 'live') return;
    const { active } = binding.state.type;
    if (active?.kind !== 'session' || active.session !== session) {
      this.#warn(
        session,
        { trigger_id: frame.id },
        'ignored an answer for a trigger this worker does not serve',
      );
      return;
    }
    if (frame.error === undefined) return;
    binding.removeHolder(session);
    this.bindings.park(binding, 'rejected');
    const { triggerType, functionId } = binding.definition;
    if (!this.placement.retries.rejected(binding)) return;
    for (const owner of binding.owners) {
      owner.send({ ...frame, trigger_type: triggerType, function_id: functionId });
    }
  }

  /** The session is leaving. */
  releaseBindings(session: Session): void {
    this.#standbys.removeAll(session);
    for (const binding of [...session.bindings]) {
      disown(binding, session);
      if (binding.owners.length > 0 || binding.ownerless) continue;
      try {
        this.placement.tellRelease(binding);
      } catch (error) {
        this.env.log.warn(
          { err: error, trigger_id: binding.definition.id },
          'a provider failed to release a trigger',
        );
      }
      this.bindings.remove(binding);
      this.#promote(binding.definition.id);
    }
  }

  /** The session is leaving. */
  releaseTypes(session: Session): void {
    this.#waiters.abandon(session);
    this.placement.releaseTypes(session);
  }

  close(): void {
    this.#waiters.close();
    this.placement.close();
  }

  #bind(session: Session, frame: RegisterTriggerFrame): void {
    for (const field of ['namespace', 'trigger_namespace'] as const) {
      if (frame[field]?.trim() !== '') continue;
      const message = `${field} of trigger ${frame.id} is blank. Name one, or leave the field out.`;
      throw new EngineError('INVALID_NAMESPACE', message);
    }
    this.#checkRoom(session, frame.id);
    const definition = definitionOf(frame, session);
    const present = this.bindings.get(frame.id);
    if (present !== undefined && !isOnlyOwner(present, session)) {
      this.#join(session, present, definition);
      return;
    }
    this.#standbys.remove(session, frame.id);
    this.#establish(session, definition, present);
  }

  #checkRoom(session: Session, id: string): void {
    const most = this.env.limits.maxBindingsPerConnection;
    if (session.inProcess !== undefined) return;
    if (session.bindings.size + this.#standbys.count(session) < most) return;
    const present = this.bindings.get(id);
    if (present !== undefined && session.bindings.has(present)) return;
    throw new EngineError(
      'too_many_registrations',
      `trigger ${id} is one too many: this connection already has ${most}`,
    );
  }

  /** Makes a binding of a session count, in the place of one it had under this id. */
  #establish(session: Session, definition: BindingDefinition, present: Binding | undefined): void {
    const binding = new Binding(definition, false);
    const type = this.placement.resolve(definition);
    const engineProvider = type?.active?.kind === 'engine' ? type.active.provider : undefined;
    // May refuse, and then the present binding stays.
    engineProvider?.register(binding);
    if (present !== undefined) this.#replace(present, binding, type);
    binding.addOwner(session);
    session.bindings.add(binding);
    if (engineProvider !== undefined && type !== undefined) this.bindings.makeLive(binding, type);
    else this.placement.settle(binding);
  }

  /**
   * Replicas of one worker may bind the same trigger under the same id. Anyone else has to wait until it is released
   * (§19.7, §19.19), a replica that asks for something else by now included.
   */
  #join(session: Session, present: Binding, definition: BindingDefinition): void {
    if (!present.ownerless && sameDefinition(present.definition, definition)) {
      this.#standbys.remove(session, definition.id);
      present.addOwner(session);
      session.bindings.add(present);
      return;
    }
    if (present.owners.includes(session)) disown(present, session);
    this.#standbys.add(session, definition);
    throw new EngineError(
      'trigger_id_conflict',
      `trigger id ${definition.id} is taken by ${ownersOf(present)}, and counts for this worker once that one ` +
        'releases it. Choose ids that are unique across workers.',
    );
  }

  /** An id has become free. */
  #promote(id: string): void {
    for (let next = this.#standbys.take(id); next !== undefined; next = this.#standbys.take(id)) {
      const { session, definition } = next;
      try {
        this.#establish(session, definition, undefined);
        this.env.log.info({ worker: session.label, trigger_id: id }, 'a trigger that stood by counts now');
        return;
      } catch (error) {
        const { triggerType, functionId } = definition;
        session.send({
          type: 'triggerregistrationresult',
          id,
          trigger_type: triggerType,
          function_id: functionId,
          error: toErrorBody(error, 'trigger_registration_failed'),
        });
      }
    }
  }

  /** What a worker provider has under the same id it replaces itself; anyone else must forget the old one (§19.20). */
  #replace(present: Binding, binding: Binding, type: TriggerTypeEntry | undefined): void {
    const { placement } = this;
    const isUpdate =
      present.state.status === 'live' && present.state.type === type && type?.active?.kind === 'session';
    if (!isUpdate) placement.tellRelease(present);
    placement.retries.forget(present);
    this.bindings.remove(present);
    for (const holder of present.holders) binding.addHolder(holder);
  }

  #warn(session: Session, fields: object, message: string): void {
    const { log, suppressed } = session.warnings.take();
    if (log) this.env.log.warn({ worker: session.label, ...fields, suppressed }, message);
  }
}

function definitionOf(frame: RegisterTriggerFrame, session: Session): BindingDefinition {
  const definition: Writable<BindingDefinition> = {
    id: frame.id,
    triggerType: frame.trigger_type,
    functionId: frame.function_id,
    config: ownRaw(frame.config),
    namespace: frame.namespace ?? DEFAULT_NAMESPACE,
    homeNamespace: session.namespace,
    metadata: frame.metadata === undefined ? undefined : ownRaw(frame.metadata),
  };
  if (frame.trigger_namespace !== undefined) definition.providerNamespace = frame.trigger_namespace;
  return definition;
}

function disown(binding: Binding, session: Session): void {
  binding.removeOwner(session);
  session.bindings.delete(binding);
}

function isOnlyOwner(binding: Binding, session: Session): boolean {
  return binding.owners.length === 1 && binding.owners[0] === session;
}

function ownersOf(binding: Binding): string {
  return binding.owners.map((owner) => owner.label).join(', ') || 'the engine';
}
