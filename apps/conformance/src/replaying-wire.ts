import { WebSocket } from 'ws';
import type { Draw } from './random.js';
import { type Frame, Wire } from './wire.js';

export interface Replay {
  readonly name: string;
  /** Told of every call, before it is answered. */
  readonly called?: (invocation: Frame) => void;
  readonly functions: readonly string[];
  readonly bindings: ReadonlyArray<{
    readonly id: string;
    readonly type: string;
    readonly functionId: string;
  }>;
}

/** A worker that speaks the protocol by hand, and comes back whenever its connection is lost. */
export class ReplayingWire {
  #wire: Wire | undefined;
  #greeting: Frame | undefined;
  #isStopped = false;

  constructor(
    private readonly url: string,
    private readonly replay: Replay,
    private readonly random: Draw,
  ) {
    this.#connect();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wire?.socket.terminate();
  }

  #connect(): void {
    if (this.#isStopped) return;
    const socket = new WebSocket(this.url);
    const wire = Wire.on(socket);
    this.#wire = wire;
    socket.on('error', () => {});
    socket.on('open', () => this.#tell(wire));
    socket.on('message', () => this.#hear(wire));
    socket.on('close', () => setTimeout(() => this.#connect(), 5));
  }

  /** What clients send on open: the newer generation announces itself first, the older one last. */
  #tell(wire: Wire): void {
    const { name, functions, bindings } = this.replay;
    const announcement = { name, runtime: 'node', version: '0.22.1', pid: 1 };
    const announcesFirst = this.random(2) === 0;
    if (this.#greeting !== undefined) {
      const { worker_id, reattach_token } = this.#greeting;
      wire.send({ type: 'reattach', previous_worker_id: worker_id, reattach_token });
    }
    if (announcesFirst) wire.announce(announcement);
    for (const id of functions) wire.offer(id);
    bindings.forEach(({ id, type, functionId }, n) => {
      wire.send({ type: 'registertrigger', id, trigger_type: type, function_id: functionId, config: { n } });
    });
    if (!announcesFirst) wire.announce(announcement);
  }

  #hear(wire: Wire): void {
    for (const frame of wire.frames.splice(0)) {
      if (frame.type === 'workerregistered') this.#greeting = frame;
      if (frame.type !== 'invokefunction') continue;
      this.replay.called?.(frame);
      wire.respond(frame, { result: this.replay.name });
    }
  }
}
