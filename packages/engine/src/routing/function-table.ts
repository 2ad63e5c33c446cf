import { isRawObject, ownRaw, parseRaw, type RawJson, type RegisterFunctionFrame } from 'iii-protocol';
import { defined } from '../defined.js';
import type { Session } from '../sessions/session.js';
import { type Balance, DEFAULT_BALANCE, Picker, readBalance } from './balance.js';
import type { Outcome } from './call.js';
import type { Payload } from './payload.js';

/**
 * What several connections that offer one function mean (DESIGN D2).
 *
 * `shared`: replicas, which share its calls. `exclusive`: the first owns it; others are told so and stand by until it
 * leaves. `latest`: the newest has it; those before it stand by until it leaves.
 */
export type ReplicaMode = 'shared' | 'exclusive' | 'latest';

/** What listings tell of a function, and how its calls are shared. */
export interface FunctionDescription {
  readonly description?: string;
  readonly requestFormat?: RawJson;
  readonly responseFormat?: RawJson;
  readonly metadata?: RawJson;
  /** `metadata.internal` is true: hidden from listings unless asked for (protocol.md §9.1). */
  readonly internal: boolean;
  readonly balance: Balance;
}

/** A function of the engine itself. */
export interface BuiltinFunction {
  /** @param caller the session that calls, undefined for calls of the engine. */
  run(data: RawJson, caller: Session | undefined): Outcome | Promise<Outcome>;
  /** Name of the engine’s worker it is listed under. */
  readonly workerName: string;
}

/** One place where a function can run. */
export type FunctionProvider = {
  readonly entry: FunctionEntry;
  description: FunctionDescription;
} & (
  | {
      readonly kind: 'session';
      readonly session: Session;
      /** The id the worker knows the function by. */
      readonly localId: string;
    }
  | { readonly kind: 'builtin'; readonly builtin: BuiltinFunction }
);

export type SessionProvider = Extract<FunctionProvider, { kind: 'session' }>;

/** A function id in a namespace, with everyone who offers it. Never empty while it is in the table. */
export class FunctionEntry {
  /** Oldest first. */
  readonly providers: FunctionProvider[] = [];
  readonly #picker = new Picker();

  constructor(
    readonly namespace: string,
    readonly id: string,
    private readonly mode: ReplicaMode,
  ) {}

  /** The provider that describes the function: the one that has it, or the newest of those that share it. */
  get principal(): FunctionProvider | undefined {
    return this.mode === 'exclusive' ? this.providers[0] : this.providers[this.providers.length - 1];
  }

  /** Those who serve calls now; the others stand by. */
  get serving(): readonly FunctionProvider[] {
    const { principal } = this;
    return this.mode === 'shared' || principal === undefined ? this.providers : [principal];
  }

  /** Who gets a call with this payload. */
  pick(payload: Payload): FunctionProvider | undefined {
    const { principal } = this;
    if (this.providers.length === 1 || this.mode !== 'shared') return principal;
    return this.#picker.pick(this.providers, principal?.description.balance ?? DEFAULT_BALANCE, payload);
  }
}

/**
 * `serving`: the session now offers the function. `standing_by`: `owner` has it and the session gets it when that
 * leaves. `owned_by_engine`: the id belongs to the engine process.
 */
export type OfferOutcome =
  | { readonly kind: 'serving'; readonly displaced: readonly Session[] }
  | { readonly kind: 'standing_by'; readonly owner: Session }
  | { readonly kind: 'owned_by_engine' };

/** Functions by namespace and id, each with a list of providers (DESIGN D2). */
export class FunctionTable {
  readonly #namespaces = new Map<string, Map<string, FunctionEntry>>();

  /** @param changed called after every change that a listing would show. */
  constructor(
    private readonly mode: ReplicaMode,
    private readonly changed: () => void,
  ) {}

  find(namespace: string, id: string): FunctionEntry | undefined {
    return this.#namespaces.get(namespace)?.get(id);
  }

  /** Namespaces that have a function of this id, sorted. */
  namespacesOf(id: string): string[] {
    const found = [...this.#namespaces].filter(([, functions]) => functions.has(id));
    return found.map(([namespace]) => namespace).sort();
  }

  *entries(): IterableIterator<FunctionEntry> {
    for (const functions of this.#namespaces.values()) yield* functions.values();
  }

  addBuiltin(
    namespace: string,
    id: string,
    builtin: BuiltinFunction,
    description: FunctionDescription,
  ): void {
    const entry = this.#entry(namespace, id);
    entry.providers.push({ kind: 'builtin', entry, builtin, description });
    this.changed();
  }

  /**
   * Adds the session to the providers of a function, or updates what it said before. A worker inside the engine
   * process owns its ids alone (§19.29): offering one displaces workers outside, and they cannot join later.
   */
  offer(session: Session, namespace: string, frame: RegisterFunctionFrame): OfferOutcome {
    const description = describe(frame);
    const own = session.functions.get(frame.id);
    if (own !== undefined) {
      own.description = description;
      this.changed();
      return { kind: 'serving', displaced: [] };
    }
    const present = this.find(namespace, frame.id)?.providers ?? [];
    const inside = session.inProcess !== undefined;
    if (present.some((provider) => provider.kind === 'builtin' || (isInside(provider) && !inside))) {
      return { kind: 'owned_by_engine' };
    }
    const displaced: Session[] = [];
    for (const provider of [...present]) {
      if (!inside || provider.kind === 'builtin' || isInside(provider)) continue;
      displaced.push(provider.session);
      provider.session.functions.delete(frame.id);
      this.#remove(provider);
    }
    const entry = this.#entry(namespace, frame.id);
    const [owner] = entry.providers;
    const provider: FunctionProvider = { kind: 'session', entry, session, localId: frame.id, description };
    entry.providers.push(provider);
    session.functions.set(frame.id, provider);
    this.changed();
    if (this.mode === 'exclusive' && owner?.kind === 'session')
      return { kind: 'standing_by', owner: owner.session };
    return { kind: 'serving', displaced };
  }

  /** Takes back what the session offers under this id; returns whether there was anything. */
  withdraw(session: Session, id: string): boolean {
    const provider = session.functions.get(id);
    if (provider === undefined) return false;
    session.functions.delete(id);
    this.#remove(provider);
    this.changed();
    return true;
  }

  withdrawAll(session: Session): void {
    if (session.functions.size === 0) return;
    for (const provider of session.functions.values()) this.#remove(provider);
    session.functions.clear();
    this.changed();
  }

  #entry(namespace: string, id: string): FunctionEntry {
    let functions = this.#namespaces.get(namespace);
    if (functions === undefined) {
      functions = new Map();
      this.#namespaces.set(namespace, functions);
    }
    let entry = functions.get(id);
    if (entry === undefined) {
      entry = new FunctionEntry(namespace, id, this.mode);
      functions.set(id, entry);
    }
    return entry;
  }

  #remove(provider: FunctionProvider): void {
    const { entry } = provider;
    const at = entry.providers.indexOf(provider);
    if (at >= 0) entry.providers.splice(at, 1);
    if (entry.providers.length > 0) return;
    const functions = this.#namespaces.get(entry.namespace);
    if (functions?.get(entry.id) === entry) functions.delete(entry.id);
    if (functions?.size === 0) this.#namespaces.delete(entry.namespace);
  }
}

function isInside(provider: FunctionProvider): boolean {
  return provider.kind === 'session' && provider.session.inProcess !== undefined;
}

function describe(frame: RegisterFunctionFrame): FunctionDescription {
  const { metadata } = frame;
  const parsed = metadata !== undefined && isRawObject(metadata) ? parseRaw(metadata) : undefined;
  return {
    internal: (parsed as { internal?: unknown } | undefined)?.internal === true,
    balance: readBalance(parsed),
    ...defined({
      description: frame.description,
      requestFormat: frame.request_format && ownRaw(frame.request_format),
      responseFormat: frame.response_format && ownRaw(frame.response_format),
      metadata: metadata && ownRaw(metadata),
    }),
  };
}
