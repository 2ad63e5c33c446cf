import {
  type EngineFrame,
  type Extension,
  encodeFrame,
  type Log,
  type MemberStamp,
  PART_BYTES,
  parseRaw,
  rawFromParts,
  rawFromValue,
  rawPartsList,
} from 'iii-protocol';
import { ManualClock } from 'iii-protocol/testing';
import { type Core, createCore } from './core.js';
import { type EngineLimits, surroundings } from './options.js';
import type { ReplicaMode } from './routing/function-table.js';
import type { Delivery, Peer } from './sessions/peer.js';
import type { InProcessIdentity, Session } from './sessions/session.js';

/** A frame as its receiver reads it. */
export type Received = Readonly<Record<string, unknown>> & { readonly type: string };

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An engine without sockets, on a clock that stands still. */
export class TestEngine {
  readonly clock = new ManualClock();
  readonly lines: LogLine[] = [];
  readonly core: Core;
  #ids = 0;

  constructor(limits: Partial<EngineLimits> = {}, replicas: ReplicaMode = 'shared') {
    const line = (level: LogLine['level']) => (fields: object, message: string) =>
      void this.lines.push({ level, message, fields: { ...fields } });
    const log: Log = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
    this.core = createCore(
      surroundings({
        version: '1.2.3',
        limits,
        replicas,
        clock: this.clock,
        log,
        randomUuid: () => this.uuid(),
      }),
    );
  }

  /** Ids that are easy to tell apart. */
  uuid(): string {
    this.#ids++;
    return `00000000-0000-4000-8000-${this.#ids.toString().padStart(12, '0')}`;
  }

  /** A worker as it is right after connecting: not announced. */
  connect(inProcess?: InProcessIdentity): TestWorker {
    return new TestWorker(this, inProcess);
  }

  /** A worker that has announced itself. */
  worker(name: string, announcement: object = {}): TestWorker {
    const worker = this.connect();
    worker.announce({ name, pid: 1, runtime: 'node', version: '0.22.1', ...announcement });
    return worker;
  }

  warnings(): string[] {
    return this.lines.filter((line) => line.level === 'warn').map((line) => line.message);
  }

  /** Lets promises settle. */
  async settle(): Promise<void> {
    await this.clock.advanceAsync(0);
  }
}

/** A frame with the jobs that its data stands for, as only a worker in the process of the engine sees them. */
function spelledOut(frame: EngineFrame): EngineFrame {
  if (frame.type !== 'invokefunction') return frame;
  const list = rawPartsList(frame.data);
  if (list === undefined) return frame;
  const jobs = list.map((parts) => parseRaw(rawFromParts(parts)));
  return { ...frame, data: rawFromValue({ jobs }) };
}

/** A worker on the far side of a connection, speaking text as it would on a socket. */
export class TestWorker {
  readonly session: Session;
  readonly inbox: Received[] = [];
  closed: { readonly code: number; readonly reason: string } | undefined;
  /** What waits for it. */
  bufferedBytes = 0;
  /** How often it was asked for a sign of life. */
  pings = 0;
  /** What the next frames sent to it meet. */
  delivery: Delivery = 'sent';
  /** Whether the next frame sent to it finds out that its connection is gone. */
  isGone = false;

  constructor(
    private readonly engine: TestEngine,
    inProcess?: InProcessIdentity,
  ) {
    const owed = () => this.bufferedBytes;
    const isOpen = () => this.closed === undefined && this.delivery !== 'closed';
    const deliver = (bytes: () => Uint8Array): Delivery => {
      if (this.isGone) this.closed ??= { code: 1006, reason: '' };
      if (this.closed !== undefined) return 'closed';
      if (this.delivery === 'sent') {
        this.inbox.push(JSON.parse(new TextDecoder().decode(bytes())) as Received);
      }
      return this.delivery;
    };
    const peer: Peer = {
      remoteAddress: '10.0.0.7',
      get bufferedBytes() {
        return owed();
      },
      get isOpen() {
        return isOpen();
      },
      send: (frame: EngineFrame, stamp?: MemberStamp) =>
        deliver(() => encodeFrame(inProcess === undefined ? frame : spelledOut(frame), stamp)),
      forward: (_frame, bytes) => deliver(() => bytes),
      takesBatches: () => {},
      limitMessages: () => {},
      ping: () => {
        this.pings++;
      },
      close: (code, reason) => {
        this.closed = { code, reason };
      },
      terminate: () => {
        this.closed = { code: 1006, reason: '' };
      },
    };
    this.session = engine.core.lifecycle.open(peer, inProcess);
  }

  get id(): string {
    return this.session.id;
  }

  /** The token of the greeting. */
  get token(): string {
    return String(this.inbox.find((frame) => frame.type === 'workerregistered')?.reattach_token);
  }

  /** Sends a frame, or text as it is. */
  send(frame: object | string): this {
    const text = typeof frame === 'string' ? frame : JSON.stringify(frame);
    this.engine.core.lifecycle.heard(this.session);
    this.engine.core.dispatcher.receive(this.session, new TextEncoder().encode(text), false);
    return this;
  }

  sendBinary(bytes: Uint8Array): this {
    this.engine.core.dispatcher.receive(this.session, bytes, true);
    return this;
  }

  announce(data: object = {}): this {
    return this.send({
      type: 'invokefunction',
      function_id: 'engine::workers::register',
      data,
      action: { type: 'void' },
    });
  }

  offer(id: string, more: object = {}): this {
    return this.send({ type: 'registerfunction', id, ...more });
  }

  /** Calls a function and returns the id to find the answer by. */
  call(functionId: string, data: unknown = {}, more: object = {}): string {
    const id = this.engine.uuid();
    this.send({ type: 'invokefunction', invocation_id: id, function_id: functionId, data, ...more });
    return id;
  }

  /** The answer to a call, once it has come. */
  answer(id: string): Received | undefined {
    return this.inbox.find((frame) => frame.type === 'invocationresult' && frame.invocation_id === id);
  }

  /** Calls a function of the engine that answers at once. */
  ask(functionId: string, data: unknown = {}): unknown {
    const answer = this.answer(this.call(functionId, data));
    if (answer === undefined) throw new Error(`${functionId} has not answered`);
    if (answer.error !== undefined) return { error: answer.error };
    return answer.result;
  }

  /** Frames of a type, oldest first. */
  got(type: string): Received[] {
    return this.inbox.filter((frame) => frame.type === type);
  }

  /** Takes all frames of a type out of the inbox. */
  take(type: string): Received[] {
    const taken = this.got(type);
    for (const frame of taken) this.inbox.splice(this.inbox.indexOf(frame), 1);
    return taken;
  }

  /** Answers a call it was given. */
  respond(invocation: Received | undefined, outcome: object = {}): this {
    return this.send({
      type: 'invocationresult',
      invocation_id: invocation?.invocation_id,
      function_id: invocation?.function_id,
      ...outcome,
    });
  }

  /** Shows life without saying anything, as an answered ping does. */
  pong(): this {
    this.engine.core.lifecycle.heard(this.session);
    return this;
  }

  /** Asks for an extension. */
  agreeOn(extension: Extension): this {
    return this.send({ type: 'useextensions', extensions: [extension] });
  }

  disconnect(): void {
    this.closed ??= { code: 1006, reason: '' };
    this.engine.core.lifecycle.end(this.session);
  }
}

/** The binary messages that a frame comes in where it comes in parts. */
export function partsOf(frame: Uint8Array): Buffer[] {
  const parts: Buffer[] = [];
  for (let at = 0; at < frame.length; at += PART_BYTES) {
    const rest = Buffer.alloc(4);
    rest.writeUInt32BE(frame.length - at);
    parts.push(Buffer.concat([Buffer.from('PART'), rest, frame.subarray(at, at + PART_BYTES)]));
  }
  return parts;
}
