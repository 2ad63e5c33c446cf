import { DEFAULT_NAMESPACE, type RawJson, type RegisterTriggerFrame, type Writable } from 'iii-protocol';
import type { Session } from '../sessions/session.js';
import type { TriggerTypeEntry } from './trigger-type.js';

/**
 * *live*: a provider has it. *parked*: nobody serves its type (`no_provider`), or the provider refused it
 * (`rejected`); it is offered again when the type is registered (protocol.md §6.4).
 */
export type BindingState =
  | { readonly status: 'live'; readonly type: TriggerTypeEntry }
  | { readonly status: 'parked'; readonly reason: 'no_provider' | 'rejected' };

/** What a trigger of some type is bound to. */
export interface BindingDefinition {
  readonly id: string;
  readonly triggerType: string;
  readonly functionId: string;
  readonly config: RawJson;
  readonly metadata?: RawJson | undefined;
  /** Namespace of the target function. */
  readonly namespace: string;
  /** Namespace the provider was asked to be in; absent: resolved (§6.2). */
  readonly providerNamespace?: string;
  /** Namespace of the connection that made it, where a provider is looked for first. */
  readonly homeNamespace: string;
}

/**
 * A trigger bound to a function. It lives as long as one of its owners; a binding without owners (made by
 * `engine::register_trigger`) lives until it is unregistered.
 */
export class Binding {
  /** Lists that are replaced and not changed: most have one entry, and there are very many of them. */
  #owners: readonly Session[] = NONE;
  #holders: readonly Session[] = NONE;
  state: BindingState = { status: 'parked', reason: 'no_provider' };

  constructor(
    readonly definition: BindingDefinition,
    readonly ownerless: boolean,
  ) {}

  get owners(): readonly Session[] {
    return this.#owners;
  }

  /** Providers that were given it and not told of its release, also those that only stand by now. */
  get holders(): readonly Session[] {
    return this.#holders;
  }

  addOwner(session: Session): void {
    this.#owners = withOne(this.#owners, session);
  }

  removeOwner(session: Session): void {
    this.#owners = without(this.#owners, session);
  }

  addHolder(session: Session): void {
    this.#holders = withOne(this.#holders, session);
  }

  removeHolder(session: Session): void {
    this.#holders = without(this.#holders, session);
  }

  /** @returns those there were. */
  takeHolders(): readonly Session[] {
    const holders = this.#holders;
    this.#holders = NONE;
    return holders;
  }

  /** The frame a provider in `type`’s namespace is told it with (§3.9). */
  frame(type: TriggerTypeEntry): RegisterTriggerFrame {
    const { id, triggerType, functionId, config, metadata, namespace } = this.definition;
    const frame: Writable<RegisterTriggerFrame> = {
      type: 'registertrigger',
      id,
      trigger_type: triggerType,
      function_id: functionId,
      config,
    };
    if (metadata !== undefined) frame.metadata = metadata;
    if (namespace !== DEFAULT_NAMESPACE) frame.namespace = namespace;
    if (type.namespace !== DEFAULT_NAMESPACE) frame.trigger_namespace = type.namespace;
    return frame;
  }
}

const NONE: readonly Session[] = [];

function withOne(sessions: readonly Session[], session: Session): readonly Session[] {
  if (sessions.length === 0) return [session];
  return sessions.includes(session) ? sessions : [...sessions, session];
}

function without(sessions: readonly Session[], session: Session): readonly Session[] {
  if (!sessions.includes(session)) return sessions;
  return sessions.length === 1 ? NONE : sessions.filter((each) => each !== session);
}

/** Whether two registrations ask for the very same thing, as replicas of one worker do. */
export function sameDefinition(a: BindingDefinition, b: BindingDefinition): boolean {
  return (
    a.triggerType === b.triggerType &&
    a.functionId === b.functionId &&
    a.namespace === b.namespace &&
    a.providerNamespace === b.providerNamespace &&
    a.homeNamespace === b.homeNamespace &&
    sameBytes(a.config, b.config) &&
    sameBytes(a.metadata, b.metadata)
  );
}

function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
