import type { NativeResponse } from './native.js';

/** A native response without a connection: what is written is recorded, what the kernel would take is scripted. */
export class FakeResponse implements NativeResponse {
  readonly calls: string[] = [];
  /** Results of `write`, in order; `true` once they have run out. */
  readonly writes: boolean[] = [];
  /** Bytes that `tryEnd` takes, call by call; everything once they have run out. */
  readonly takes: number[] = [];
  #offset = 0;
  #onData: (chunk: ArrayBuffer, isLast: boolean) => void = () => {};
  #onAborted: () => void = () => {};
  #onWritable: (offset: number) => boolean = () => true;

  receive(text: string | number, isLast = false): void {
    const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : new Uint8Array(text);
    this.#onData(bytes.buffer, isLast);
  }

  lose(): void {
    this.#onAborted();
  }

  becomeWritable(): void {
    this.#onWritable(this.#offset);
  }

  writeStatus(status: string): void {
    this.calls.push(`status ${status}`);
  }

  writeHeader(name: string, value: string | Uint8Array): void {
    this.calls.push(`${name}: ${typeof value === 'string' ? value : Buffer.from(value).toString('latin1')}`);
  }

  write(chunk: Uint8Array): boolean {
    this.calls.push(`write ${chunk.length}`);
    return this.writes.shift() ?? true;
  }

  tryEnd(chunk: Uint8Array, total: number): [boolean, boolean] {
    const taken = Math.min(this.takes.shift() ?? chunk.length, chunk.length);
    this.calls.push(`tryEnd ${chunk.length}/${total} takes ${taken}`);
    this.#offset += taken;
    return [taken === chunk.length, this.#offset === total];
  }

  end(body?: Uint8Array, closeConnection = false): void {
    this.calls.push(`end ${body?.length ?? 0}${closeConnection ? ' close' : ''}`);
  }

  endWithoutBody(): void {
    this.calls.push('endWithoutBody');
  }

  getWriteOffset(): number {
    return this.#offset;
  }

  onWritable(handler: (offset: number) => boolean): void {
    this.#onWritable = handler;
  }

  onAborted(handler: () => void): void {
    this.#onAborted = handler;
  }

  onData(handler: (chunk: ArrayBuffer, isLast: boolean) => void): void {
    this.#onData = handler;
  }

  pause(): void {
    this.calls.push('pause');
  }

  resume(): void {
    this.calls.push('resume');
  }

  close(): void {
    this.calls.push('close');
    this.#onAborted();
  }

  cork(write: () => void): void {
    write();
  }

  getRemoteAddress(): ArrayBuffer {
    return Uint8Array.of(127, 0, 0, 1).buffer;
  }

  upgrade(): void {
    this.calls.push('upgrade');
  }

  /** What happened since the last look. */
  take(): string[] {
    return this.calls.splice(0);
  }
}
