import type { Endpoint, EndpointEvents } from 'iii-channel/hub';
import type { ChannelPort, ChannelPortEvents } from 'iii-protocol';

type Message = { readonly data: Uint8Array; readonly isBinary: boolean };
type Goodbye = { readonly code: number; readonly reason: string };

/**
 * One end of a channel that a worker in this process holds. Both sides see what they would see of a socket; what the
 * engine says arrives in a task of its own, so that two ends in one process leave time for everybody else.
 */
export class LocalEnd implements Endpoint {
  readonly hasCredit = true;
  readonly canPause = false;
  readonly maxMessageBytes = Number.POSITIVE_INFINITY;
  /** What waits here is bounded by the credit of the worker. */
  readonly bufferedBytes = 0;
  #hub: EndpointEvents | undefined;
  #messages: Message[] = [];
  #goodbye: Goodbye | undefined;
  #isOver = false;
  #scheduled: NodeJS.Immediate | undefined;

  constructor(private readonly worker: ChannelPortEvents) {
    setImmediate(() => {
      if (!this.#isOver) this.worker.opened();
    });
  }

  readonly port: ChannelPort = {
    hasCredit: true,
    sendText: (text, sent) => this.#fromWorker(Buffer.from(text), false, sent),
    // The bytes are the worker’s again at once, so the channel gets its own.
    sendBinary: (data, sent) => this.#fromWorker(Buffer.from(data), true, sent),
    pause: () => {},
    resume: () => {},
    close: (code, reason) => this.close(code, reason),
    terminate: () => this.close(1006, ''),
  };

  /** To be called once, before anything can arrive. */
  bind(hub: EndpointEvents): void {
    this.#hub = hub;
  }

  sendText(text: string | Uint8Array): 'sent' | 'closed' {
    return this.#toWorker({ data: typeof text === 'string' ? Buffer.from(text) : text, isBinary: false });
  }

  sendBinary(data: Uint8Array): 'sent' | 'closed' {
    return this.#toWorker({ data, isBinary: true });
  }

  pause(): void {}

  resume(): void {}

  /** Whoever says goodbye first is heard by both sides, after everything that was sent before. */
  close(code: number, reason: string): void {
    if (this.#goodbye !== undefined) return;
    this.#goodbye = { code, reason };
    this.#schedule();
  }

  #fromWorker(data: Uint8Array, isBinary: boolean, sent?: (error?: Error) => void): void {
    if (this.#goodbye !== undefined) {
      const error = new Error('the channel end is closed');
      if (sent !== undefined) process.nextTick(sent, error);
      return;
    }
    this.#hub?.message(data, isBinary);
    if (sent !== undefined) process.nextTick(sent);
  }

  #toWorker(message: Message): 'sent' | 'closed' {
    if (this.#goodbye !== undefined) return 'closed';
    this.#messages.push(message);
    this.#schedule();
    return 'sent';
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      const messages = this.#messages;
      this.#messages = [];
      for (const { data, isBinary } of messages) this.worker.message(data, isBinary);
      // What was sent or said meanwhile has its own turn.
      if (this.#goodbye !== undefined && this.#scheduled === undefined) this.#end(this.#goodbye);
    });
  }

  #end({ code, reason }: Goodbye): void {
    this.#isOver = true;
    this.#hub?.closed(code, reason);
    this.worker.closed(code, reason);
  }
}
