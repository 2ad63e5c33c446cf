import type { FramePort } from 'iii-protocol';
import { offerChannel } from './channels/create.js';
import { type Core, createCore } from './core.js';
import { type EngineOptions, surroundings } from './options.js';
import { LocalPeer } from './sessions/local-peer.js';
import type { InProcessIdentity, Session } from './sessions/session.js';
import { openWorkerListener, type WorkerListener, type WorkerListenerOptions } from './worker-listener.js';

/** *open* → *draining* (no new connections, answers still go out) → *closed*. */
type EnginePhase = 'open' | 'draining' | 'closed';

export interface CloseOptions {
  /** Milliseconds calls in flight may still take. Default 0. */
  readonly graceMs?: number;
}

/** What is going on, in numbers. */
export interface EngineStatus {
  readonly sessions: number;
  readonly inFlight: number;
  readonly bufferedBytes: number;
}

/**
 * The close code of a shutdown. Not 1001: Python clients take 1000, 1001 and an empty close for a goodbye of their
 * own and never come back (sdk-python-rust.md §1).
 */
const SERVICE_RESTART = 1012;

/**
 * Routes calls between workers. Workers come in through listeners ({@link listen}) or, inside this process, through
 * ports ({@link connect}); both are served alike.
 *
 * @example
 * const engine = new Engine();
 * const listener = await engine.listen({ port: 49134 });
 * // …
 * await engine.close({ graceMs: 5_000 });
 */
export class Engine implements AsyncDisposable {
  readonly #core: Core;
  readonly #listeners = new Set<WorkerListener>();
  #phase: EnginePhase = 'open';
  #closing: Promise<void> | undefined;

  constructor(options: EngineOptions = {}) {
    this.#core = createCore(surroundings(options));
  }

  get status(): EngineStatus {
    const { sessions, router } = this.#core;
    const { size, bufferedBytes } = sessions;
    return { sessions: size, inFlight: router.inFlight.size, bufferedBytes };
  }

  /**
   * Opens a port for workers.
   *
   * @throws ListenerError when the address cannot be bound.
   */
  async listen(options: WorkerListenerOptions = {}): Promise<WorkerListener> {
    const opened = await openWorkerListener(options, this.#core, () => this.#phase === 'open');
    const listener: WorkerListener = {
      ...opened,
      close: async () => {
        await opened.close();
        // Ports come and go while an engine runs.
        this.#listeners.delete(listener);
      },
    };
    this.#listeners.add(listener);
    return listener;
  }

  /** A connection for a worker in this process. */
  connect(identity: InProcessIdentity): FramePort {
    const { channelDoor, channels, dispatcher, lifecycle } = this.#core;
    const peer = new LocalPeer({
      attachChannel: (ref, direction, events) => channelDoor.attach(ref, direction, events),
      offerChannel: (claimed) => offerChannel(channels, session.id, claimed),
      frame: (frame) => dispatcher.handle(session, frame, 0),
      closed: () => lifecycle.end(session),
    });
    const session: Session = lifecycle.open(peer, identity);
    return peer.port;
  }

  /**
   * Stops taking connections, gives calls in flight `graceMs` to finish, ends the rest with `invocation_stopped`,
   * and closes every connection (protocol.md §19.39). Later calls wait for the first.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#closing ??= this.#close(options.graceMs ?? 0);
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    const { channels, discovery, lag, lifecycle, router, sessions, triggers } = this.#core;
    this.#phase = 'draining';
    await this.#settled(graceMs);
    this.#phase = 'closed';
    discovery.close();
    lag.close();
    const leaving = [...sessions.values()];
    // Answers first, while every caller can still be reached.
    for (const session of leaving) router.stopExecuting(session);
    for (const session of leaving) {
      lifecycle.end(session);
      session.peer.close(SERVICE_RESTART, 'the engine is shutting down');
    }
    // Before the sockets go, so that no end of a channel takes this for the end of what it carries.
    await channels.close();
    await Promise.all([...this.#listeners].map((listener) => listener.close()));
    triggers.close();
    router.close();
  }

  /** Resolves when no call is in flight, or the time is up. */
  async #settled(graceMs: number): Promise<void> {
    const { env, router } = this.#core;
    if (graceMs <= 0) return;
    let timer: unknown;
    const deadline = new Promise<void>((resolve) => {
      timer = env.clock.setTimeout(resolve, graceMs);
    });
    await Promise.race([router.inFlight.whenIdle(), deadline]);
    env.clock.clearTimeout(timer);
  }
}
