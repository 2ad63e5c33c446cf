import { DEFAULT_NAMESPACE, ownRaw, type RegisterTriggerTypeFrame, USUAL_PROVIDER } from 'iii-protocol';
import { defined } from '../defined.js';
import { EngineError, toErrorBody } from '../errors.js';
import type { Surroundings } from '../options.js';
import type { Session } from '../sessions/session.js';
import type { Binding, BindingDefinition } from './binding.js';
import type { BindingTable } from './binding-table.js';
import { RejectionRetries } from './rejection-retries.js';
import {
  type EngineTriggerProvider,
  type TriggerTypeEntry,
  TriggerTypeTable,
  type TypeDescription,
  type TypeProvider,
} from './trigger-type.js';

/** `delivered`: the provider has it. `unreachable`: its connection is closing. */
type Handover = 'delivered' | 'unreachable';

/** Brings bindings to whoever serves their type, while providers come, go and refuse (protocol.md §6.2, §6.6, §6.8). */
export class Placement {
  readonly types = new TriggerTypeTable();
  readonly retries: RejectionRetries;

  constructor(
    private readonly env: Surroundings,
    private readonly bindings: BindingTable,
  ) {
    this.retries = new RejectionRetries(env.clock, env.limits.rejectedTriggerRetryMs, bindings, (binding) => {
      const type = this.resolve(binding.definition);
      if (type !== undefined) this.place(binding, type);
    });
  }

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
    const before = this.types.find(namespace, frame.id)?.active;
    if (before?.kind === 'engine') {
      this.#warn(session, { trigger_type: frame.id }, 'refused a trigger type that the engine serves itself');
      return;
    }
    const own = [...session.triggerTypes].find(
      ({ entry }) => entry.id === frame.id && entry.namespace === namespace,
    );
    const most = this.env.limits.maxTriggerTypesPerConnection;
    if (own === undefined && session.inProcess === undefined && session.triggerTypes.size >= most) {
      const message = `refused a trigger type: this connection already serves ${most}`;
      this.#warn(session, { trigger_type: frame.id, code: 'too_many_registrations' }, message);
      return;
    }
    if (own !== undefined) this.#forgetProvider(own);
    const entry = this.types.open(namespace, frame.id);
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

  releaseTypes(session: Session): void {
    for (const provider of [...session.triggerTypes]) this.#removeProvider(provider);
  }

  /** Who serves a binding (§6.2). */
  resolve(definition: BindingDefinition): TriggerTypeEntry | undefined {
    const { triggerType, providerNamespace, homeNamespace } = definition;
    if (providerNamespace !== undefined) return this.types.find(providerNamespace, triggerType);
    return this.types.find(homeNamespace, triggerType) ?? this.types.find(DEFAULT_NAMESPACE, triggerType);
  }

  /** Gives a binding to whoever serves its type, or parks it with advice in the log. */
  settle(binding: Binding): void {
    const type = this.resolve(binding.definition);
    if (type !== undefined) {
      this.place(binding, type);
      return;
    }
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

  /** Gives a binding to a provider that is a worker, or one of the engine’s that does not refuse. */
  place(binding: Binding, type: TriggerTypeEntry): void {
    if (this.#handOver(binding, type) === 'delivered') this.bindings.makeLive(binding, type);
    else this.bindings.park(binding, 'no_provider');
  }

  /**
   * Everyone who was given the binding forgets it.
   *
   * @throws EngineError `unregister_failed` when a provider of the engine fails at it.
   */
  tellRelease(binding: Binding): void {
    this.retries.forget(binding);
    const { id, triggerType } = binding.definition;
    // A parked binding may have holders too: those it was given to before its provider could not be told of it.
    for (const holder of binding.takeHolders()) {
      holder.send({ type: 'unregistertrigger', id, trigger_type: triggerType });
    }
    if (binding.state.status !== 'live') return;
    const { active } = binding.state.type;
    this.retries.released(triggerType);
    if (active?.kind === 'session') return;
    try {
      active?.provider.unregister(binding);
    } catch (error) {
      throw new EngineError('unregister_failed', toErrorBody(error).message);
    }
  }

  close(): void {
    this.retries.close();
  }

  #handOver(binding: Binding, type: TriggerTypeEntry): Handover {
    const provider = type.active;
    if (provider === undefined) return 'unreachable';
    if (provider.kind === 'engine') {
      provider.provider.register(binding);
      return 'delivered';
    }
    const delivery = provider.session.send(binding.frame(type));
    if (delivery === 'sent') binding.addHolder(provider.session);
    if (delivery === 'too_large') {
      this.#warn(
        provider.session,
        { trigger_id: binding.definition.id },
        'a trigger is too large for its provider',
      );
    }
    return delivery === 'sent' ? 'delivered' : 'unreachable';
  }

  /** Sends every live binding of a type to whoever serves it now. */
  #offerAll(entry: TriggerTypeEntry): void {
    for (const binding of [...entry.bindings]) this.#placeAnew(binding, entry);
  }

  /** What another provider said of a binding does not count for this one. */
  #placeAnew(binding: Binding, entry: TriggerTypeEntry): void {
    this.retries.forget(binding);
    this.place(binding, entry);
  }

  /** Gives a new provider the bindings that were waiting for it or belong to it more than to the one they have (§6.6). */
  #claim(entry: TriggerTypeEntry): void {
    for (const binding of this.bindings.parkedOf(entry.id)) {
      if (this.resolve(binding.definition) === entry) this.#placeAnew(binding, entry);
    }
    if (entry.namespace === DEFAULT_NAMESPACE) return;
    const fallback = this.types.find(DEFAULT_NAMESPACE, entry.id);
    for (const binding of [...(fallback?.bindings ?? [])]) {
      if (this.resolve(binding.definition) !== entry) continue;
      this.tellRelease(binding);
      this.place(binding, entry);
    }
  }

  #removeProvider(provider: TypeProvider): void {
    const { entry } = provider;
    const wasActive = entry.active === provider;
    // What it refused, or could not be told of, is for whoever follows it as much as what it has.
    const waiting = this.bindings.parkedOf(entry.id).filter((b) => this.resolve(b.definition) === entry);
    this.#forgetProvider(provider);
    if (!wasActive) return;
    if (entry.active === undefined) this.types.drop(entry);
    for (const binding of [...entry.bindings, ...waiting]) {
      const next = this.resolve(binding.definition);
      if (next === undefined) this.bindings.park(binding, 'no_provider');
      else this.#placeAnew(binding, next);
    }
  }

  #forgetProvider(provider: TypeProvider): void {
    const { entry } = provider;
    const at = entry.providers.indexOf(provider);
    if (at >= 0) entry.providers.splice(at, 1);
    if (provider.kind !== 'session') return;
    provider.session.triggerTypes.delete(provider);
    for (const binding of [...entry.bindings, ...this.bindings.parkedOf(entry.id)]) {
      binding.removeHolder(provider.session);
    }
  }

  #warn(session: Session, fields: object, message: string): void {
    const { log, suppressed } = session.warnings.take();
    if (log) this.env.log.warn({ worker: session.label, ...fields, suppressed }, message);
  }
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
