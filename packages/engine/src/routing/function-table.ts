import { isRawObject, ownRaw, parseRaw, type RawJson, type RegisterFunctionFrame } from 'iii-protocol';
import { defined } from '../defined.js';
import type { Session } from '../sessions/session.js';
import type { Outcome } from './call.js';

/** What listings tell of a function. */
export interface FunctionDescription {
  readonly description?: string;
  readonly requestFormat?: RawJson;
  readonly responseFormat?: RawJson;
  readonly metadata?: RawJson;
  /** `metadata.internal` is true: hidden from listings unless asked for (protocol.md §9.1). */
  readonly internal: boolean;
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
  readonly providers: FunctionProvider[] = [];
  #turn = 0;

  constructor(
    readonly namespace: string,
    readonly id: string,
  ) {}

  /** The provider whose registration is newest, which describes the function. */
  get newest(): FunctionProvider | undefined {
    return this.providers[this.providers.length - 1];
  }

  /** The reachable provider with the fewest calls in flight, in turn among equals. */
  pick(): FunctionProvider | undefined {
    const { providers } = this;
    if (providers.length === 1) return providers[0];
    let best: FunctionProvider | undefined;
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < providers.length; i++) {
      const candidate = providers[(this.#turn + i) % providers.length];
      const load = candidate === undefined ? Number.POSITIVE_INFINITY : loadOf(candidate);
      if (load >= least) continue;
      best = candidate;
      least = load;
    }
    this.#turn = (this.#turn + 1) % Math.max(providers.length, 1);
    return best ?? providers[0];
  }
}

function loadOf(provider: FunctionProvider): number {
  if (provider.kind === 'builtin') return 0;
  return provider.session.isReachable ? provider.session.executing.size : Number.POSITIVE_INFINITY;
}

/** `accepted`: the session now offers the function. `owned_by_engine`: the id belongs to the engine process. */
export type OfferOutcome = 'accepted' | 'owned_by_engine';

/** Functions by namespace and id, each with a list of providers (DESIGN D2). */
export class FunctionTable {
  readonly #namespaces = new Map<string, Map<string, FunctionEntry>>();

  /** @param changed called after every change that a listing would show. */
  constructor(private readonly changed: () => void) {}

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
   *
   * @returns with `displaced`, the sessions that lost the function.
   */
  offer(
    session: Session,
    namespace: string,
    frame: RegisterFunctionFrame,
  ): { readonly outcome: OfferOutcome; readonly displaced: readonly Session[] } {
    const description = describe(frame);
    const own = session.functions.get(frame.id);
    if (own !== undefined) {
      own.description = description;
      this.changed();
      return { outcome: 'accepted', displaced: [] };
    }
    const present = this.find(namespace, frame.id)?.providers ?? [];
    const inside = session.inProcess !== undefined;
    if (present.some((provider) => provider.kind === 'builtin' || (isInside(provider) && !inside))) {
      return { outcome: 'owned_by_engine', displaced: [] };
    }
    const displaced: Session[] = [];
    for (const provider of [...present]) {
      if (!inside || provider.kind === 'builtin' || isInside(provider)) continue;
      displaced.push(provider.session);
      provider.session.functions.delete(frame.id);
      this.#remove(provider);
    }
    const entry = this.#entry(namespace, frame.id);
    const provider: FunctionProvider = { kind: 'session', entry, session, localId: frame.id, description };
    entry.providers.push(provider);
    session.functions.set(frame.id, provider);
    this.changed();
    return { outcome: 'accepted', displaced };
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
      entry = new FunctionEntry(namespace, id);
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
  return {
    internal: isInternal(frame.metadata),
    ...defined({
      description: frame.description,
      requestFormat: frame.request_format && ownRaw(frame.request_format),
      responseFormat: frame.response_format && ownRaw(frame.response_format),
      metadata: frame.metadata && ownRaw(frame.metadata),
    }),
  };
}

function isInternal(metadata: RawJson | undefined): boolean {
  if (metadata === undefined || !isRawObject(metadata)) return false;
  return (parseRaw(metadata) as { internal?: unknown }).internal === true;
}
