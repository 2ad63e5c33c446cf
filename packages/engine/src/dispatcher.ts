import {
  CodecError,
  DEFAULT_NAMESPACE,
  type Frame,
  FrameDecoder,
  isUuid,
  RESERVED_PREFIX,
  type RegisterFunctionFrame,
  type UseExtensionsFrame,
  type WorkerFrame,
} from 'iii-protocol';
import type { Surroundings } from './options.js';
import type { FunctionTable } from './routing/function-table.js';
import type { Router } from './routing/router.js';
import { offeredExtensions } from './sessions/extensions.js';
import { type Admission, type GatedFrame, isGated } from './sessions/gate.js';
import type { Lifecycle } from './sessions/lifecycle.js';
import type { Session } from './sessions/session.js';
import { isTelemetry } from './telemetry.js';
import type { Triggers } from './triggers/triggers.js';

/** A message that is being read. */
export interface Reading {
  /** Reads on; true when the message has been dealt with. */
  advance(mostBytes: number): boolean;
}

const CHECKED = { checkUtf8: true } as const;

/** Takes what sessions send to whoever it concerns (protocol.md §1.4, §3). */
export class Dispatcher {
  readonly #decoder = new FrameDecoder();

  constructor(
    private readonly env: Surroundings,
    private readonly functions: FunctionTable,
    private readonly triggers: Triggers,
    private readonly router: Router,
    private readonly lifecycle: () => Lifecycle,
  ) {}

  /** Bytes of the longest message a worker may send. */
  get maxMessageBytes(): number {
    return this.env.limits.maxMessageBytes;
  }

  /** One message of a worker socket. Never throws: a bad frame is answered or logged, and the connection lives on. */
  receive(session: Session, message: Uint8Array, isBinary: boolean): void {
    if (!this.#accepts(session, message, isBinary)) return;
    let frame: Frame;
    try {
      frame = this.#decoder.decode(message, isBinary ? CHECKED : undefined);
    } catch (error) {
      this.#undecodable(session, error);
      return;
    }
    this.deliver(session, frame, message, this.#decoder);
  }

  /** As {@link receive}, of a message so long that others would have to wait for it: it is read in steps. */
  receiveInSteps(session: Session, message: Uint8Array, isBinary: boolean): Reading | undefined {
    if (!this.#accepts(session, message, isBinary)) return undefined;
    const decoder = new FrameDecoder();
    let hasBegun = false;
    return {
      advance: (mostBytes) => {
        let frame: Frame;
        try {
          if (!hasBegun) decoder.begin(message, isBinary ? CHECKED : undefined);
          hasBegun = true;
          if (!decoder.scan(mostBytes)) return false;
          frame = decoder.finish();
        } catch (error) {
          this.#undecodable(session, error);
          return true;
        }
        this.deliver(session, frame, message, decoder);
        return true;
      },
    };
  }

  /** Whether a worker may send one more message now; if not, it has been dropped. */
  mayBegin(session: Session): boolean {
    if (session.gate.phase !== 'pending' || session.unannouncedRate.take()) return true;
    const reason = 'more frames a second than a worker may send before its announcement';
    this.drop(session, 1008, reason);
    return false;
  }

  drop(session: Session, code: number, reason: string): void {
    this.lifecycle().drop(session, code, reason);
  }

  #accepts(session: Session, message: Uint8Array, isBinary: boolean): boolean {
    return this.mayBegin(session) && !(isBinary && isTelemetry(message)) && !isBlank(message);
  }

  #undecodable(session: Session, error: unknown): void {
    if (!(error instanceof CodecError)) throw error;
    this.#refuse(session, error);
  }

  /** A message that has been read. @param decoder what read it last. */
  deliver(session: Session, frame: Frame, message: Uint8Array, decoder: FrameDecoder): void {
    if (frame.type === 'invocationresult' && decoder.isPlainResult && session.isOpen) {
      this.router.complete(session, frame, message);
      return;
    }
    this.handle(session, frame, message.length, decoder.hasUnderscore);
  }

  /**
   * @param size bytes the frame came in, which is what holding on to it costs.
   * @param hasUnderscore whether any member name in it may begin with `_`.
   */
  handle(session: Session, frame: Frame, size: number, hasUnderscore = true): void {
    if (!session.isOpen) return;
    switch (frame.type) {
      case 'invokefunction':
        this.router.invoke(session, frame, size, hasUnderscore);
        return;
      case 'invocationresult':
        this.router.complete(session, frame);
        return;
      case 'cancelinvocation':
        if (session.uses('cancel')) this.router.cancel(session, frame.invocation_id, frame.reason);
        return;
      case 'useextensions':
        this.#agree(session, frame);
        return;
      case 'triggerregistrationresult':
        this.triggers.acknowledge(session, frame);
        return;
      case 'ping':
        session.send({ type: 'pong' });
        return;
      case 'reattach':
        this.lifecycle().reattach(session, frame);
        return;
      case 'pong':
      case 'workerregistered':
      case 'registrationrejected':
        return;
      case 'error':
        this.#warn(session, {}, 'ignored a frame of type "error", which workers do not send');
        return;
      default:
        this.#admit(session, frame, size);
    }
  }

  /** A registration whose turn has come. */
  apply(session: Session, frame: GatedFrame): void {
    switch (frame.type) {
      case 'registerfunction':
        this.#registerFunction(session, frame);
        return;
      case 'unregisterfunction':
        this.functions.withdraw(session, frame.id);
        return;
      case 'registerservice':
        return;
      case 'registertriggertype':
        this.triggers.placement.registerType(session, frame);
        return;
      case 'unregistertriggertype':
        this.triggers.placement.unregisterType(session, frame.id, frame.namespace);
        return;
      case 'registertrigger':
        this.triggers.bind(session, frame);
        return;
      case 'unregistertrigger':
        try {
          this.triggers.unbind(session, frame.id);
        } catch (error) {
          this.#warn(session, { trigger_id: frame.id, err: error }, 'a trigger was not unregistered');
        }
    }
  }

  #admit(session: Session, frame: WorkerFrame, size: number): void {
    if (!isGated(frame)) return;
    const admission: Admission = session.gate.admit(frame, size);
    if (admission !== 'overflow') return;
    this.lifecycle().drop(session, 1013, 'more registrations than may wait for its announcement');
  }

  /** §5.1 */
  #registerFunction(session: Session, frame: RegisterFunctionFrame): void {
    const { namespace } = session;
    if (frame.invocation !== undefined) {
      this.#rejectFunction(session, frame.id, 'functions called over HTTP are not available in this engine');
      return;
    }
    if (frame.id.startsWith(RESERVED_PREFIX) && namespace !== DEFAULT_NAMESPACE) {
      this.#rejectFunction(session, frame.id, `ids starting with ${RESERVED_PREFIX} belong to the engine`);
      return;
    }
    if (!this.#mayOffer(session, frame.id)) return;
    const outcome = this.functions.offer(session, namespace, frame);
    switch (outcome.kind) {
      case 'owned_by_engine':
        this.#rejectFunction(session, frame.id, 'the id belongs to a worker of the engine');
        return;
      case 'standing_by':
        void this.#contest(session, frame.id, outcome.owner);
        return;
      case 'serving':
        for (const loser of outcome.displaced) {
          this.#rejectFunction(loser, frame.id, 'a worker of the engine has taken the id over');
        }
    }
  }

  #mayOffer(session: Session, id: string): boolean {
    const most = this.env.limits.maxFunctionsPerConnection;
    if (session.inProcess !== undefined || session.functions.has(id) || session.functions.size < most)
      return true;
    this.#rejectFunction(
      session,
      id,
      `too_many_registrations: this connection already offers ${most} functions`,
    );
    return false;
  }

  /** §19.4, §19.7: who is in the way must show that it lives; if it does not, the newcomer gets the function. */
  async #contest(session: Session, id: string, owner: Session): Promise<void> {
    await this.lifecycle().challenge(owner);
    const provider = session.functions.get(id);
    const principal = provider?.entry.principal;
    if (!session.isOpen || principal?.kind !== 'session' || principal === provider) return;
    const why = `worker ${principal.session.label} owns it; this one gets it when that leaves`;
    this.#rejectFunction(session, id, why, principal.session.id);
  }

  /** The only refusal of a function that clients survive (§19.28): this code, with nobody as the owner where it is the engine. */
  #rejectFunction(session: Session, id: string, why: string, ownerId = ''): void {
    this.env.log.warn({ worker: session.label, function_id: id }, `a function was refused: ${why}`);
    session.send({
      type: 'registrationrejected',
      code: 'FUNCTION_NAMESPACE_CONFLICT',
      namespace: session.namespace,
      function_id: id,
      owner_worker_id: ownerId,
    });
  }

  /** §19.3: whoever waits for an answer to a frame that could not be read is told. */
  #refuse(session: Session, error: CodecError): void {
    const { salvage } = error;
    this.#warn(session, { problem: error.problem, frame: salvage.type }, `dropped a frame: ${error.message}`);
    if (!session.isOpen) return;
    const body = { code: 'invalid_request', message: error.message };
    if (salvage.type === 'invokefunction' && isUuid(salvage.invocation_id ?? '')) {
      session.send({
        type: 'invocationresult',
        invocation_id: salvage.invocation_id ?? '',
        function_id: salvage.function_id ?? '',
        error: body,
      });
    }
    if (salvage.type === 'registertrigger' && salvage.id !== undefined) {
      session.send({
        type: 'triggerregistrationresult',
        id: salvage.id,
        trigger_type: salvage.trigger_type ?? '',
        function_id: salvage.function_id ?? '',
        error: body,
      });
    }
  }

  /** What was not offered is not agreed on. */
  #agree(session: Session, frame: UseExtensionsFrame): void {
    for (const extension of offeredExtensions(this.env.limits)) {
      if (frame.extensions.includes(extension)) session.extensions.add(extension);
    }
    if (session.uses('batch')) session.peer.takesBatches();
  }

  #warn(session: Session, fields: object, message: string): void {
    const { log, suppressed } = session.warnings.take();
    if (log) this.env.log.warn({ worker: session.label, ...fields, suppressed }, message);
  }
}

const OPEN_BRACE = 0x7b;

/** Nothing but white space, which is ignored. */
function isBlank(message: Uint8Array): boolean {
  if (message[0] === OPEN_BRACE) return false;
  return message.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
