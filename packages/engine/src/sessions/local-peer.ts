import type {
  EngineFrame,
  ErrorBody,
  FramePort,
  FramePortEvents,
  InvocationResultFrame,
  MemberStamp,
  WorkerFrame,
} from 'iii-protocol';
import type { Delivery, Peer } from './peer.js';

const CLOSED: ErrorBody = { code: 'SHUTDOWN', message: 'the connection to the engine is closed' };

const NOW = Promise.resolve();

/** What the engine hears from a worker in this process. */
export interface LocalPeerEvents {
  attachChannel: FramePort['attachChannel'];
  offerChannel: FramePort['offerChannel'];
  frame(frame: WorkerFrame): void;
  closed(): void;
}

/**
 * A worker in this process, and the port it holds. Frames towards the worker are delivered in a task of their own,
 * in order, so that a handler never runs inside the engine's own work.
 */
export class LocalPeer implements Peer {
  readonly remoteAddress = undefined;
  readonly bufferedBytes = 0;
  #inbox: EngineFrame[] = [];
  #receiver: FramePortEvents | undefined;
  #scheduled = false;
  #state: 'open' | 'closed' = 'open';

  constructor(private readonly events: LocalPeerEvents) {}

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  readonly port: FramePort = {
    send: (frame) => {
      if (this.#state === 'open') this.events.frame(frame);
    },
    receive: (events) => {
      this.#receiver = events;
      this.#schedule();
    },
    attachChannel: (ref, direction, events) => this.events.attachChannel(ref, direction, events),
    offerChannel: (claimed) => (this.#state === 'open' ? this.events.offerChannel(claimed) : CLOSED),
    close: () => {
      if (this.#state === 'closed') return;
      this.#state = 'closed';
      this.#inbox = [];
      this.events.closed();
    },
  };

  send(frame: EngineFrame, stamp?: MemberStamp): Delivery {
    if (this.#state === 'closed') return 'closed';
    const isStamped = stamp !== undefined && frame.type === 'invokefunction';
    this.#inbox.push(isStamped ? { ...frame, data: stamp.append(frame.data) } : frame);
    this.#schedule();
    return 'sent';
  }

  forward(frame: InvocationResultFrame): Delivery {
    return this.send(frame);
  }

  takesBatches(): void {}

  limitMessages(): void {}

  ping(): void {}

  close(_code: number, reason: string): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    queueMicrotask(() => this.#receiver?.closed(reason));
  }

  terminate(): void {
    this.close(1006, 'the connection was cut');
  }

  #schedule(): void {
    if (this.#scheduled || this.#receiver === undefined || this.#inbox.length === 0) return;
    this.#scheduled = true;
    // As `queueMicrotask` does it, without the resource of its own that each of those costs.
    void NOW.then(this.#deliver);
  }

  readonly #deliver = (): void => {
    this.#scheduled = false;
    const frames = this.#inbox;
    this.#inbox = [];
    for (const frame of frames) this.#receiver?.frame(frame);
  };
}
