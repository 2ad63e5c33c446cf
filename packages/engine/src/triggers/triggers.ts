import {
  DEFAULT_NAMESPACE,
  type ErrorBody,
  ownRaw,
  type RegisterTriggerFrame,
  type RegisterTriggerTypeFrame,
  type TriggerRegistrationResultFrame,
  USUAL_PROVIDER,
} from 'iii-protocol';
import { defined } from '../defined.js';
import { EngineError, toErrorBody } from '../errors.js';
import type { Surroundings } from '../options.js';
import type { Session } from '../sessions/session.js';
import { AckWaiters } from './ack-waiters.js';
import { Binding, type BindingDefinition, sameDefinition } from './binding.js';
import { BindingTable } from './binding-table.js';
import {
  type EngineTriggerProvider,
  type TriggerTypeEntry,
  TriggerTypeTable,
  type TypeDescription,
  type TypeProvider,
} from './trigger-type.js';

/** `delivered`: the provider has it. `unreachable`: its connection is closing. */
type Handover = 'delivered' | 'unreachable';

/** Trigger types, the bindings to them, and who hears of what (protocol.md §6). */
export class Triggers {
  readonly types = new TriggerTypeTable();
  readonly bindings = new BindingTable();
  readonly #waiters: AckWaiters;

  constructor(private readonly env: Surroundings) {
    this.#waiters = new AckWaiters(env.clock, env.limits.providerAckMs);
  }

  // --- types ----------------------------------------------------------------------------------------------

  addEngineType(id: string, description: TypeDescription, provider: EngineTriggerProvider): void {
    const entry = this.types.open(DEFAULT_NAMESPACE, id);
    entry.providers.push({ kind: 'engine', entry, provider, description });
  }

  /** §6.6 */
  registerType(session: Session, frame: RegisterTriggerTypeFrame): void {
    const namespace = frame.namespace ?? session.namespace;
    if (namespace.trim() === '') {
      this.#warn(session, { trigger_type: frame.id }, 'refused a trigger type with a blank namespace');
      return;
    }
    const entry = this.types.open(namespace, frame.id);
    const before = entry.active;
    if (before?.kind === 'engine') {
      this.#warn(session, { trigger_type: frame.id }, 'refused a trigger type that the engine serves itself');
      return;
    }
    const own = entry.providers.find(
      (provider) => provider.kind === 'session' && provider.session === session,
    );
    if (own !== undefined) this.#forgetProvider(own);
    const provider: TypeProvider = { kind: 'session', entry, session, description: describe(frame) };
    entry.providers.push(provider);
    session.triggerTypes.add(provider);
    if (before !== undefined && before !== own) {
      this.#warn(
        session,
        { trigger_type: frame.id, namespace, previous: before.session.label },
        'took over a trigger type from another worker, which stands by',
      );
    }
    this.#offerAll(entry);
    this.#claim(entry);
  }

  /** §19.2: as if the provider had left, for this one type. */
  unregisterType(session: Session, id: string, namespace: string | undefined): void {
    const entry = this.types.find(namespace ?? session.namespace, id);
    const own = entry?.providers.find((p) => p.kind === 'session' && p.session === session);
    if (own !== undefined) this.#removeProvider(own);
  }

  // --- bindings -------------------------------------------------------------------------------------------

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
    const type = this.#resolve(binding.definition);
    if (type === undefined) {
      this.#parkWithAdvice(binding);
      return id;
    }
    const provider = type.active;
    const answer =
      provider?.kind === 'session' ? this.#waiters.expect(id, provider.session) : Promise.resolve(undefined);
    this.#place(binding, type);
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
    const binding = this.bindings.get(id);
    if (binding === undefined) return false;
    if (!binding.ownerless) {
      if (session === undefined || !binding.owners.has(session)) {
        const owner = [...binding.owners].map((o) => o.label).join(', ');
        throw new EngineError('FORBIDDEN', `trigger ${id} belongs to worker ${owner}`);
      }
      if (binding.owners.size > 1) {
        binding.owners.delete(session);
        session.bindings.delete(binding);
        return true;
      }
    }
    this.#tellRelease(binding);
    this.bindings.remove(binding);
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
    this.bindings.park(binding, 'rejected');
    const { triggerType, functionId } = binding.definition;
    for (const owner of binding.owners) {
      owner.send({ ...frame, trigger_type: triggerType, function_id: functionId });
    }
  }

  // --- the end of a session -------------------------------------------------------------------------------

  releaseBindings(session: Session): void {
    for (const binding of session.bindings) {
      binding.owners.delete(session);
      if (binding.owners.size > 0 || binding.ownerless) continue;
      try {
        this.#tellRelease(binding);
      } catch (error) {
        this.env.log.warn(
          { err: error, trigger_id: binding.definition.id },
          'a provider failed to release a trigger',
        );
      }
      this.bindings.remove(binding);
    }
    session.bindings.clear();
  }

  releaseTypes(session: Session): void {
    this.#waiters.abandon(session);
    for (const provider of [...session.triggerTypes]) this.#removeProvider(provider);
  }

  close(): void {
    this.#waiters.close();
  }

  // --- how it is done -------------------------------------------------------------------------------------

  #bind(session: Session, frame: RegisterTriggerFrame): void {
    for (const field of ['namespace', 'trigger_namespace'] as const) {
      if (frame[field]?.trim() !== '') continue;
      const message = `${field} of trigger ${frame.id} is blank. Name one, or leave the field out.`;
      throw new EngineError('INVALID_NAMESPACE', message);
    }
    const binding = new Binding(definitionOf(frame, session), false);
    const present = this.bindings.get(frame.id);
    if (present !== undefined && !onlyOwner(present, session)) {
      this.#join(session, present, binding.definition);
      return;
    }
    const type = this.#resolve(binding.definition);
    if (present !== undefined) this.#leaveOldType(present, type);
    const adopt = () => {
      if (present !== undefined) this.bindings.remove(present);
      for (const holder of present?.holders ?? []) binding.holders.add(holder);
      binding.owners.add(session);
      session.bindings.add(binding);
    };
    if (type === undefined) {
      adopt();
      this.#parkWithAdvice(binding);
      return;
    }
    if (type.active?.kind === 'engine') {
      type.active.provider.register(binding);
      adopt();
      this.bindings.makeLive(binding, type);
      return;
    }
    adopt();
    this.#place(binding, type);
  }

  /** Replicas of one worker may bind the same trigger under the same id; anyone else may not (§19.19). */
  #join(session: Session, present: Binding, definition: BindingDefinition): void {
    if (present.ownerless || !sameDefinition(present.definition, definition)) {
      const owner = [...present.owners].map((o) => o.label).join(', ') || 'the engine';
      throw new EngineError(
        'trigger_id_conflict',
        `trigger id ${definition.id} is taken by ${owner}. Choose ids that are unique across workers.`,
      );
    }
    present.owners.add(session);
    session.bindings.add(present);
  }

  /** A binding that changes its type must stop firing through the old one first (§19.20). */
  #leaveOldType(present: Binding, next: TriggerTypeEntry | undefined): void {
    if (present.state.status === 'live' && present.state.type !== next) this.#tellRelease(present);
  }

  /** Gives a binding to a provider that is a worker, or one of the engine’s that does not refuse. */
  #place(binding: Binding, type: TriggerTypeEntry): void {
    if (this.#handOver(binding, type) === 'delivered') this.bindings.makeLive(binding, type);
    else this.bindings.park(binding, 'no_provider');
  }

  #handOver(binding: Binding, type: TriggerTypeEntry): Handover {
    const provider = type.active;
    if (provider === undefined) return 'unreachable';
    if (provider.kind === 'engine') {
      provider.provider.register(binding);
      return 'delivered';
    }
    const delivery = provider.session.send(binding.frame(type));
    if (delivery === 'sent') binding.holders.add(provider.session);
    if (delivery === 'too_large') {
      this.#warn(
        provider.session,
        { trigger_id: binding.definition.id },
        'a trigger is too large for its provider',
      );
    }
    return delivery === 'sent' ? 'delivered' : 'unreachable';
  }

  #tellRelease(binding: Binding): void {
    if (binding.state.status !== 'live') return;
    const { active } = binding.state.type;
    const { id, triggerType } = binding.definition;
    for (const holder of binding.holders) {
      holder.send({ type: 'unregistertrigger', id, trigger_type: triggerType });
    }
    binding.holders.clear();
    if (active?.kind === 'session') return;
    try {
      active?.provider.unregister(binding);
    } catch (error) {
      throw new EngineError('unregister_failed', toErrorBody(error).message);
    }
  }

  /** §6.2 */
  #resolve(definition: BindingDefinition): TriggerTypeEntry | undefined {
    const { triggerType, providerNamespace, homeNamespace } = definition;
    if (providerNamespace !== undefined) return this.types.find(providerNamespace, triggerType);
    return this.types.find(homeNamespace, triggerType) ?? this.types.find(DEFAULT_NAMESPACE, triggerType);
  }

  /** Sends every live binding of a type to whoever serves it now. */
  #offerAll(entry: TriggerTypeEntry): void {
    for (const binding of [...entry.bindings]) this.#place(binding, entry);
  }

  /** Gives a new provider the bindings that were waiting for it or belong to it more than to the one they have (§6.6). */
  #claim(entry: TriggerTypeEntry): void {
    for (const binding of this.bindings.parkedOf(entry.id)) {
      if (this.#resolve(binding.definition) === entry) this.#place(binding, entry);
    }
    if (entry.namespace === DEFAULT_NAMESPACE) return;
    const fallback = this.types.find(DEFAULT_NAMESPACE, entry.id);
    for (const binding of [...(fallback?.bindings ?? [])]) {
      if (this.#resolve(binding.definition) !== entry) continue;
      this.#tellRelease(binding);
      this.#place(binding, entry);
    }
  }

  #removeProvider(provider: TypeProvider): void {
    const { entry } = provider;
    const wasActive = entry.active === provider;
    this.#forgetProvider(provider);
    if (!wasActive) return;
    if (entry.active !== undefined) {
      this.#offerAll(entry);
      return;
    }
    this.types.drop(entry);
    for (const binding of [...entry.bindings]) {
      const next = this.#resolve(binding.definition);
      if (next === undefined) this.bindings.park(binding, 'no_provider');
      else this.#place(binding, next);
    }
  }

  #forgetProvider(provider: TypeProvider): void {
    const { entry } = provider;
    const at = entry.providers.indexOf(provider);
    if (at >= 0) entry.providers.splice(at, 1);
    if (provider.kind !== 'session') return;
    provider.session.triggerTypes.delete(provider);
    for (const binding of entry.bindings) binding.holders.delete(provider.session);
  }

  #parkWithAdvice(binding: Binding): void {
    this.bindings.park(binding, 'no_provider');
    const { id, triggerType, functionId } = binding.definition;
    const usual = USUAL_PROVIDER[triggerType];
    const advice =
      usual === undefined ? '' : ` The usual one is ${usual}: add it to config.yaml or start it.`;
    this.env.log.warn(
      { trigger_id: id, trigger_type: triggerType, function_id: functionId },
      `a trigger waits for a worker that serves "${triggerType}".${advice}`,
    );
  }

  #warn(session: Session, fields: object, message: string): void {
    const { log, suppressed } = session.warnings.take();
    if (log) this.env.log.warn({ worker: session.label, ...fields, suppressed }, message);
  }
}

function definitionOf(frame: RegisterTriggerFrame, session: Session): BindingDefinition {
  return {
    id: frame.id,
    triggerType: frame.trigger_type,
    functionId: frame.function_id,
    config: ownRaw(frame.config),
    namespace: frame.namespace ?? DEFAULT_NAMESPACE,
    homeNamespace: session.namespace,
    ...defined({
      metadata: frame.metadata && ownRaw(frame.metadata),
      providerNamespace: frame.trigger_namespace,
    }),
  };
}

function onlyOwner(binding: Binding, session: Session): boolean {
  return binding.owners.size === 1 && binding.owners.has(session);
}

function describe(frame: RegisterTriggerTypeFrame): TypeDescription {
  return {
    description: frame.description,
    ...defined({
      configFormat: frame.trigger_request_format && ownRaw(frame.trigger_request_format),
      requestFormat: frame.call_request_format && ownRaw(frame.call_request_format),
    }),
  };
}
