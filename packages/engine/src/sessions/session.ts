import {
  CALLER_MEMBER,
  type Clock,
  DEFAULT_NAMESPACE,
  type EngineFrame,
  type Extension,
  type InvocationResultFrame,
  LIMITS,
  MemberStamp,
  SlotMap,
  type Timer,
} from 'iii-protocol';
import type { Call } from '../routing/call.js';
import type { FunctionProvider } from '../routing/function-table.js';
import type { Binding } from '../triggers/binding.js';
import type { TypeProvider } from '../triggers/trigger-type.js';
import { WarningBudget } from '../warning-budget.js';
import { FrameRate } from './frame-rate.js';
import type { RegistrationGate } from './gate.js';
import type { Delivery, Peer } from './peer.js';
import type { WorkerInfo } from './worker-info.js';

/** A worker that runs inside the engine process. */
export interface InProcessIdentity {
  /** Worker type, for instance `iii-http`. */
  readonly name: string;
  /** Distinguishes several of one type; the name where there is only one. */
  readonly instance: string;
  readonly version: string;
  readonly description?: string;
  /** Whether the engine cannot run without it. */
  readonly mandatory?: boolean;
}

/**
 * *open*: registered and served. *ending*: its cleanup has begun, nothing is routed to it any more. *ended*: no
 * table knows it.
 */
export type SessionPhase = 'open' | 'ending' | 'ended';

/** What a session is made of. */
export interface SessionParts {
  readonly id: string;
  readonly reattachToken: string;
  readonly peer: Peer;
  readonly gate: RegistrationGate;
  readonly clock: Clock;
  /** Set for workers inside the engine process. */
  readonly inProcess: InProcessIdentity | undefined;
  readonly maxUnannouncedFramesPerSecond: number;
}

/**
 * One connection of one worker, with everything that must disappear when the connection does. The tables hold
 * sessions and sessions hold their entries in the tables, so that cleaning up is compare-and-delete by identity
 * and never by name.
 */
export class Session {
  readonly id: string;
  /** Secret this connection can be retired with by the one that follows it. */
  readonly reattachToken: string;
  readonly peer: Peer;
  readonly gate: RegistrationGate;
  readonly inProcess: InProcessIdentity | undefined;
  readonly connectedAtMs: number;
  readonly warnings: WarningBudget;
  /** Bounds what it sends before it has announced itself. */
  readonly unannouncedRate: FrameRate;
  /** Puts `_caller_worker_id` into a payload (protocol.md §7.5). */
  readonly callerStamp: MemberStamp;
  info: WorkerInfo = {};
  readonly functions = new Map<string, FunctionProvider>();
  readonly triggerTypes = new Set<TypeProvider>();
  readonly bindings = new Set<Binding>();
  /** Calls this worker waits for, by the id it gave them. */
  readonly waiting = new SlotMap<string, Call>();
  /** Calls this worker is executing, by the id the engine gave them. */
  readonly executing = new SlotMap<string, Call>();
  /** Calls in flight that came from this connection, void ones included. */
  outstanding = 0;
  /** Extensions this worker has asked for. */
  readonly extensions = new Set<Extension>();
  lastHeardMs = 0;
  graceTimer: Timer | undefined;
  #phase: SessionPhase = 'open';

  constructor(parts: SessionParts) {
    this.id = parts.id;
    this.reattachToken = parts.reattachToken;
    this.peer = parts.peer;
    this.gate = parts.gate;
    this.inProcess = parts.inProcess;
    this.connectedAtMs = parts.clock.now();
    this.warnings = new WarningBudget(parts.clock);
    this.unannouncedRate = new FrameRate(parts.clock, parts.maxUnannouncedFramesPerSecond);
    this.callerStamp = new MemberStamp(CALLER_MEMBER, parts.id);
  }

  uses(extension: Extension): boolean {
    return this.extensions.has(extension);
  }

  get phase(): SessionPhase {
    return this.#phase;
  }

  get isOpen(): boolean {
    return this.#phase === 'open';
  }

  /** Whether a call handed to it would be sent. */
  get isReachable(): boolean {
    return this.#phase === 'open' && this.peer.isOpen;
  }

  /** Where its registrations go; `default` until that is decided. */
  get namespace(): string {
    return this.gate.namespace ?? DEFAULT_NAMESPACE;
  }

  /** What people call this worker, where it has said so. */
  get name(): string | undefined {
    return this.inProcess?.name ?? this.info.name;
  }

  /** Name for log lines. */
  get label(): string {
    return this.name ?? this.id;
  }

  learn(info: WorkerInfo): void {
    this.info = info;
    if (info.runtime === 'python') this.peer.limitMessages(LIMITS.pythonMessageBytes);
  }

  /** @param stamp to be put into the payload of a call, which has to be an object without that member. */
  send(frame: EngineFrame, stamp?: MemberStamp): Delivery {
    return this.#phase === 'ended' ? 'closed' : this.peer.send(frame, stamp);
  }

  /** @param bytes the same frame as it came in. */
  forward(frame: InvocationResultFrame, bytes: Uint8Array): Delivery {
    return this.#phase === 'ended' ? 'closed' : this.peer.forward(frame, bytes);
  }

  /** Asks for a sign of life. */
  ping(): void {
    this.peer.ping();
  }

  /** *open* → *ending* → *ended*; returns whether the step was possible. */
  advance(to: 'ending' | 'ended'): boolean {
    const from: SessionPhase = to === 'ending' ? 'open' : 'ending';
    if (this.#phase !== from) return false;
    this.#phase = to;
    return true;
  }
}
