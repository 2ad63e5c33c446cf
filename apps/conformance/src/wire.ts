import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';

export type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** A WebSocket as it is, for what must be seen byte for byte. */
export class Wire {
  readonly frames: Frame[] = [];
  readonly texts: string[] = [];
  #waiting: Array<() => void> = [];
  #ids = 0;
  #stream: Socket | undefined;

  private constructor(readonly socket: WebSocket) {
    socket.on('upgrade', (response) => {
      this.#stream = response.socket;
    });
    socket.on('message', (data) => {
      this.texts.push(String(data));
      this.frames.push(JSON.parse(String(data)) as Frame);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  static async open(socket: WebSocket): Promise<Wire> {
    const wire = new Wire(socket);
    await once(socket, 'open');
    return wire;
  }

  static connect(url: string): Promise<Wire> {
    return Wire.open(new WebSocket(url));
  }

  /** On a socket that is not open yet, and perhaps never will be. */
  static on(socket: WebSocket): Wire {
    return new Wire(socket);
  }

  send(frame: object | string): this {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    return this;
  }

  /** Sends frames in one piece, as clients do with those of one turn. */
  sendTogether(frames: Iterable<object>): this {
    this.#stream?.cork();
    for (const frame of frames) this.send(frame);
    this.#stream?.uncork();
    return this;
  }

  announce(data: object = {}): this {
    const function_id = 'engine::workers::register';
    return this.send({ type: 'invokefunction', function_id, data, action: { type: 'void' } });
  }

  offer(id: string, more: object = {}): this {
    return this.send({ type: 'registerfunction', id, ...more });
  }

  /** The first frame that fits, when it comes. */
  async frame(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Takes the first frame that fits out, when it comes. */
  async take(fits: (frame: Frame) => boolean): Promise<Frame> {
    const found = await this.frame(fits);
    this.frames.splice(this.frames.indexOf(found), 1);
    return found;
  }

  invocation(): Promise<Frame> {
    return this.take((frame) => frame.type === 'invokefunction');
  }

  nextId(): string {
    this.#ids++;
    return `00000000-0000-4000-8000-${this.#ids.toString().padStart(12, '0')}`;
  }

  /** Sends a call and resolves with its answer. */
  async call(functionId: string, data: unknown = {}, more: object = {}): Promise<Frame> {
    const id = this.nextId();
    this.send({ type: 'invokefunction', invocation_id: id, function_id: functionId, data, ...more });
    return this.take((frame) => frame.type === 'invocationresult' && frame.invocation_id === id);
  }

  respond(invocation: Frame, outcome: object = {}): this {
    const { invocation_id, function_id } = invocation;
    return this.send({ type: 'invocationresult', invocation_id, function_id, ...outcome });
  }

  /** Resolves when the engine has handled everything sent so far. */
  async settled(): Promise<void> {
    this.send({ type: 'ping' });
    await this.take((frame) => frame.type === 'pong');
  }

  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }
}
