import {
  CodecError,
  DEFAULT_NAMESPACE,
  type Frame,
  FrameDecoder,
  isUuid,
  RESERVED_PREFIX,
  type RegisterFunctionFrame,
  type WorkerFrame,
} from 'iii-protocol';
import type { Surroundings } from './options.js';
import type { FunctionTable } from './routing/function-table.js';
import type { Router } from './routing/router.js';
import { type Admission, type GatedFrame, isGated } from './sessions/gate.js';
import type { Lifecycle } from './sessions/lifecycle.js';
import type { Session } from './sessions/session.js';
import { isTelemetry } from './telemetry.js';
import type { Triggers } from './triggers/triggers.js';

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

  /** One message of a worker socket. Never throws: a bad frame is answered or logged, and the connection lives on. */
  receive(session: Session, message: Uint8Array, isBinary: boolean): void {
    if (isBinary && isTelemetry(message)) return;
    if (isBlank(message)) return;
    let frame: Frame;
    try {
      frame = this.#decoder.decode(message, { checkUtf8: isBinary });
    } catch (error) {
      if (!(error instanceof CodecError)) throw error;
      this.#refuse(session, error);
      return;
    }
    this.handle(session, frame, message.length);
  }

  /** @param size bytes the frame came in, which is what holding on to it costs. */
  handle(session: Session, frame: Frame, size: number): void {
    if (!session.isOpen) return;
    switch (frame.type) {
      case 'invokefunction':
        this.router.invoke(session, frame, size);
        return;
      case 'invocationresult':
        this.router.complete(session, frame);
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
        this.triggers.registerType(session, frame);
        return;
      case 'unregistertriggertype':
        this.triggers.unregisterType(session, frame.id, frame.namespace);
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
    const { outcome, displaced } = this.functions.offer(session, namespace, frame);
    if (outcome === 'owned_by_engine') {
      this.#rejectFunction(session, frame.id, 'the id belongs to a worker of the engine');
    }
    for (const loser of displaced) {
      this.#rejectFunction(loser, frame.id, 'a worker of the engine has taken the id over');
    }
  }

  /** The only refusal of a function that clients survive (§19.28): this code, and nobody as the owner. */
  #rejectFunction(session: Session, id: string, why: string): void {
    this.env.log.warn({ worker: session.label, function_id: id }, `a function was refused: ${why}`);
    session.send({
      type: 'registrationrejected',
      code: 'FUNCTION_NAMESPACE_CONFLICT',
      namespace: session.namespace,
      function_id: id,
      owner_worker_id: '',
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

  #warn(session: Session, fields: object, message: string): void {
    const { log, suppressed } = session.warnings.take();
    if (log) this.env.log.warn({ worker: session.label, ...fields, suppressed }, message);
  }
}

/** Nothing but white space, which is ignored. */
function isBlank(message: Uint8Array): boolean {
  return message.every((byte) => byte === 0x20 || (byte >= 0x09 && byte <= 0x0d));
}
