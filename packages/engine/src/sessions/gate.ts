import type {
  RegisterFunctionFrame,
  RegisterServiceFrame,
  RegisterTriggerFrame,
  RegisterTriggerTypeFrame,
  UnregisterFunctionFrame,
  UnregisterTriggerFrame,
  UnregisterTriggerTypeFrame,
  WorkerFrame,
} from 'iii-protocol';

/** Frames that change what a worker offers; they wait until its namespace is known (protocol.md §3.1, §4.3). */
export type GatedFrame =
  | RegisterFunctionFrame
  | UnregisterFunctionFrame
  | RegisterServiceFrame
  | RegisterTriggerTypeFrame
  | UnregisterTriggerTypeFrame
  | RegisterTriggerFrame
  | UnregisterTriggerFrame;

const GATED: ReadonlySet<WorkerFrame['type']> = new Set<GatedFrame['type']>([
  'registerfunction',
  'unregisterfunction',
  'registerservice',
  'registertriggertype',
  'unregistertriggertype',
  'registertrigger',
  'unregistertrigger',
]);

export function isGated(frame: WorkerFrame): frame is GatedFrame {
  return GATED.has(frame.type);
}

/** What becomes of a frame handed to the gate. */
export type Admission = 'applied' | 'held' | 'dropped' | 'overflow';

type GateState =
  | { readonly phase: 'pending'; bytes: number }
  | { readonly phase: 'draining'; readonly namespace: string }
  | { readonly phase: 'resolved'; readonly namespace: string }
  | { readonly phase: 'aborted'; readonly namespace: string | undefined };

type Held = { readonly frame: GatedFrame } | { readonly run: () => void };

/**
 * Holds the registrations of a connection until its namespace is fixed, then applies them in the order they came.
 *
 * *pending* → *draining* → *resolved*; *aborted* from any of them at the end of the connection, after which frames
 * are swallowed.
 */
export class RegistrationGate {
  #state: GateState = { phase: 'pending', bytes: 0 };
  #held: Held[] = [];
  readonly #heldFunctions = new Set<string>();

  constructor(
    private readonly limits: { readonly maxHeldFrames: number; readonly maxHeldBytes: number },
    private readonly apply: (frame: GatedFrame, namespace: string) => void,
  ) {}

  get phase(): GateState['phase'] {
    return this.#state.phase;
  }

  /** Fixed once the gate has left *pending*. */
  get namespace(): string | undefined {
    return this.#state.phase === 'pending' ? undefined : this.#state.namespace;
  }

  /** @param size bytes of the frame as it came, which is what holding it costs. */
  admit(frame: GatedFrame, size: number): Admission {
    switch (this.#state.phase) {
      case 'aborted':
        return 'dropped';
      case 'resolved':
        this.apply(frame, this.#state.namespace);
        return 'applied';
      case 'draining':
        this.#held.push({ frame });
        return 'held';
      case 'pending':
        if (!this.#makeRoom(size)) return 'overflow';
        this.#held.push({ frame });
        if (frame.type === 'registerfunction') this.#heldFunctions.add(frame.id);
        if (frame.type === 'unregisterfunction') this.#heldFunctions.delete(frame.id);
        return 'held';
    }
  }

  get held(): number {
    return this.#held.length;
  }

  /** Whether a function is among what waits here, so that a call to it should wait as well (§19.5). */
  holdsFunction(id: string): boolean {
    return this.#state.phase === 'pending' && this.#heldFunctions.has(id);
  }

  /** Runs something behind what is held; only for a gate that {@link holdsFunction}. */
  defer(run: () => void, size: number): Admission {
    if (this.#state.phase !== 'pending') return 'dropped';
    if (!this.#makeRoom(size)) return 'overflow';
    this.#held.push({ run });
    return 'held';
  }

  /** Fixes the namespace and applies what is held. Only the first call has an effect; returns whether it was this one. */
  resolve(namespace: string): boolean {
    if (this.#state.phase !== 'pending') return false;
    this.#state = { phase: 'draining', namespace };
    this.#heldFunctions.clear();
    // What arrives meanwhile goes to the back of the same list, and this loop reaches it.
    for (const held of this.#held) {
      if ('frame' in held) this.apply(held.frame, namespace);
      else held.run();
      if (this.phase === 'aborted') return true;
    }
    this.#held = [];
    this.#state = { phase: 'resolved', namespace };
    return true;
  }

  abort(): void {
    this.#state = { phase: 'aborted', namespace: this.namespace };
    this.#held = [];
    this.#heldFunctions.clear();
  }

  #makeRoom(size: number): boolean {
    if (this.#state.phase !== 'pending') return true;
    if (this.#held.length >= this.limits.maxHeldFrames) return false;
    if (this.#state.bytes + size > this.limits.maxHeldBytes) return false;
    this.#state.bytes += size;
    return true;
  }
}
