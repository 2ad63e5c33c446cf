import { ChannelClosedError, type Connect, refusedTransport } from 'iii-channel/ends';
import {
  type ChannelOffer,
  type EngineFrame,
  type Frame,
  type FramePort,
  type InvocationResultFrame,
  type InvokeFunctionFrame,
  isFrameType,
  membersOf,
  type RawJson,
  type RegisterTriggerFrame,
  rawFromValue,
  readAction,
  type WorkerFrame,
  type Writable,
} from 'iii-protocol';
import { InvocationError } from '../errors.js';
import type { Link, LinkEvents, Outgoing } from './link.js';
import type { IncomingMessage, MessageOf, OutgoingMessage } from './message.js';
import { RawValue } from './raw-value.js';

class FrameMessage implements Outgoing {
  readonly size = 0;
  constructor(readonly frame: WorkerFrame) {}
}

/** A connection to an engine in the same process. It stands from the beginning and is never made anew. */
export class MemoryLink implements Link {
  #events: LinkEvents | undefined;
  #state: 'idle' | 'open' | 'over' = 'idle';

  /** @param address where workers outside this process reach the engine, for channels and for people. */
  constructor(
    private readonly port: FramePort,
    readonly address: string,
  ) {}

  open(events: LinkEvents): void {
    if (this.#state !== 'idle') return;
    this.#events = events;
    events.state('connecting');
    this.#state = 'open';
    events.state('connected');
    events.up();
    this.port.receive({
      frame: (frame) => {
        if (this.#state === 'open') events.message(toMessage(frame));
      },
      closed: (reason) => {
        if (this.#state !== 'open') return;
        this.#state = 'over';
        events.state('failed');
        events.down(reason);
      },
    });
  }

  readonly connectChannel: Connect = (ref, direction, events) => {
    const port = this.port.attachChannel(ref, direction, events);
    if (typeof port !== 'string') return port;
    const what = `the ${direction} end of channel ${ref.channel_id}`;
    const error =
      port === 'not_found'
        ? new ChannelClosedError('channel_not_found', `${what} cannot be attached`)
        : new ChannelClosedError('channel_taken', `${what} is taken`);
    return refusedTransport(events, error);
  };

  offerChannel(claimed: () => void): ChannelOffer {
    const offer = this.port.offerChannel(claimed);
    if ('code' in offer) throw new InvocationError(offer);
    return offer;
  }

  prepare(message: OutgoingMessage): FrameMessage {
    return new FrameMessage(toFrame(message));
  }

  send(outgoing: Outgoing): boolean {
    if (this.#state !== 'open' || !(outgoing instanceof FrameMessage)) return false;
    this.port.send(outgoing.frame);
    return true;
  }

  abandon(): void {
    this.#finish('failed');
  }

  close(): Promise<void> {
    this.#finish('disconnected');
    return Promise.resolve();
  }

  #finish(state: 'failed' | 'disconnected'): void {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.port.close();
    this.#events?.state(state);
  }
}

type Outgoings<T> = Extract<OutgoingMessage, { readonly type: T }>;

/** The frame with its free-form members as JSON text; `null` counts as absent where that is allowed. */
function toFrame(message: OutgoingMessage): WorkerFrame {
  // Nearly all are one of these.
  if (message.type === 'invokefunction') return toCall(message);
  if (message.type === 'invocationresult') return toResult(message);
  return mapMembers(message, (value, kind) =>
    kind === 'json' ? textOf(value) : optionalTextOf(value),
  ) as WorkerFrame;
}

function toCall(message: Outgoings<'invokefunction'>): InvokeFunctionFrame {
  const { type, function_id, invocation_id, traceparent, baggage, action, namespace, deadline_ms } = message;
  const metadata = optionalTextOf(message.metadata);
  const frame: Writable<InvokeFunctionFrame> = { type, function_id, data: textOf(message.data) };
  if (invocation_id) frame.invocation_id = invocation_id;
  addTrace(frame, traceparent, baggage);
  // On a socket the decoder does this.
  if (action) frame.action = readAction(action) ?? action;
  if (metadata !== undefined) frame.metadata = metadata;
  if (typeof namespace === 'string') frame.namespace = namespace;
  if (typeof deadline_ms === 'number') frame.deadline_ms = deadline_ms;
  return frame;
}

function toResult(message: Outgoings<'invocationresult'>): InvocationResultFrame {
  const { type, invocation_id, function_id, error, traceparent, baggage } = message;
  const result = optionalTextOf(message.result);
  const frame: Writable<InvocationResultFrame> = { type, invocation_id, function_id };
  if (result !== undefined) frame.result = result;
  if (error) frame.error = error;
  addTrace(frame, traceparent, baggage);
  return frame;
}

function addTrace(
  frame: { traceparent?: string; baggage?: string },
  traceparent: string | undefined,
  baggage: string | undefined,
): void {
  if (typeof traceparent === 'string') frame.traceparent = traceparent;
  if (typeof baggage === 'string') frame.baggage = baggage;
}

function textOf(value: unknown): RawJson {
  return value instanceof RawValue ? value.raw : rawFromValue(value ?? null);
}

function optionalTextOf(value: unknown): RawJson | undefined {
  return value === null || value === undefined ? undefined : textOf(value);
}

/** The frame with its free-form members as {@link RawValue}s. */
function toMessage(frame: EngineFrame): IncomingMessage {
  if (frame.type === 'invocationresult') {
    const { result } = frame;
    return result === undefined ? frame : { ...frame, result: new RawValue(result) };
  }
  if (frame.type === 'invokefunction') return toInvocation(frame);
  if (frame.type === 'registertrigger') return toTrigger(frame);
  return mapMembers(frame, (value) =>
    value === undefined ? undefined : new RawValue(value as RawJson),
  ) as IncomingMessage;
}

function toInvocation(frame: InvokeFunctionFrame): MessageOf<'invokefunction'> {
  const { type, invocation_id, function_id, traceparent, baggage, metadata, deadline_ms } = frame;
  const message: Writable<MessageOf<'invokefunction'>> = {
    type,
    function_id,
    data: new RawValue(frame.data),
  };
  if (invocation_id !== undefined) message.invocation_id = invocation_id;
  addTrace(message, traceparent, baggage);
  if (metadata !== undefined) message.metadata = new RawValue(metadata);
  if (deadline_ms !== undefined) message.deadline_ms = deadline_ms;
  return message;
}

/** Workers that serve a type are given thousands of these at once. */
function toTrigger(frame: RegisterTriggerFrame): MessageOf<'registertrigger'> {
  const { type, id, trigger_type, function_id, metadata, namespace, trigger_namespace } = frame;
  const message: Writable<MessageOf<'registertrigger'>> = {
    type,
    id,
    trigger_type,
    function_id,
    config: new RawValue(frame.config),
  };
  if (metadata !== undefined) message.metadata = new RawValue(metadata);
  if (namespace !== undefined) message.namespace = namespace;
  if (trigger_namespace !== undefined) message.trigger_namespace = trigger_namespace;
  return message;
}

/** Copies the members a frame has, the free-form ones through `convert`; others are not carried over. */
function mapMembers(
  from: object,
  convert: (value: unknown, kind: 'json' | 'json?') => unknown,
): Frame | IncomingMessage | OutgoingMessage {
  const source = from as Readonly<Record<string, unknown>>;
  const type = String(source.type);
  const target: Record<string, unknown> = { type };
  if (!isFrameType(type)) return target as object as IncomingMessage;
  for (const [name, kind] of membersOf(type)) {
    const value = source[name];
    const converted = kind === 'json' || kind === 'json?' ? convert(value, kind) : (value ?? undefined);
    if (converted !== undefined) target[name] = converted;
  }
  return target as object as IncomingMessage;
}
