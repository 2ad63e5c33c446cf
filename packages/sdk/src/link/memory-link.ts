import { ChannelClosedError, type Connect, refusedTransport } from 'iii-channel/ends';
import {
  type ChannelOffer,
  type EngineFrame,
  type Frame,
  type FramePort,
  isFrameType,
  membersOf,
  type RawJson,
  rawFromValue,
  readAction,
  type WorkerFrame,
} from 'iii-protocol';
import { InvocationError } from '../errors.js';
import type { Link, LinkEvents, Outgoing } from './link.js';
import type { IncomingMessage, OutgoingMessage } from './message.js';
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

/** The frame with its free-form members as JSON text; `null` counts as absent where that is allowed. */
function toFrame(message: OutgoingMessage): WorkerFrame {
  // The two that each call consists of are written out: a loop over the members costs several times as much.
  if (message.type === 'invocationresult') {
    const { result, ...rest } = message;
    return result === null || result === undefined ? rest : { ...rest, result: toRaw(result) };
  }
  const frame = mapMembers(message, (value, kind) => {
    if (kind === 'json?' && (value === null || value === undefined)) return undefined;
    return toRaw(value ?? null);
  }) as WorkerFrame;
  if (frame.type !== 'invokefunction' || frame.action === undefined) return frame;
  // On a socket the decoder does this.
  const action = readAction(frame.action);
  return action === undefined ? frame : { ...frame, action };
}

function toRaw(value: unknown): RawJson {
  return value instanceof RawValue ? value.raw : rawFromValue(value);
}

/** The frame with its free-form members as {@link RawValue}s. */
function toMessage(frame: EngineFrame): IncomingMessage {
  if (frame.type === 'invocationresult') {
    const { result } = frame;
    return result === undefined ? frame : { ...frame, result: new RawValue(result) };
  }
  if (frame.type === 'invokefunction' && frame.metadata === undefined && frame.action === undefined) {
    return { ...frame, data: new RawValue(frame.data) };
  }
  return mapMembers(frame, (value) =>
    value === undefined ? undefined : new RawValue(value as RawJson),
  ) as IncomingMessage;
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
