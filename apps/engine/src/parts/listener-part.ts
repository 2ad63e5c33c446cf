import type { Engine, WorkerListener } from 'iii-engine';
import type { PlannedListener } from '../config/plan.js';
import { DONE, type Outcome, type Part } from './part.js';
import { rebind } from './rebind.js';

export interface ListenerSurroundings {
  readonly engine: Engine;
  /** Implementation of ports that name none. */
  readonly driver: 'auto' | 'uws' | 'node' | undefined;
  /** Told of every port that opens while the engine runs. */
  readonly opened: (listener: WorkerListener) => void;
}

/** A port for workers that is open. */
export class ListenerPart implements Part<PlannedListener> {
  #planned: PlannedListener;
  #listener: WorkerListener;
  #isRunning = true;

  private constructor(
    planned: PlannedListener,
    listener: WorkerListener,
    private readonly surroundings: ListenerSurroundings,
  ) {
    this.#planned = planned;
    this.#listener = listener;
  }

  /** @throws ListenerError when the address cannot be bound. */
  static async open(planned: PlannedListener, surroundings: ListenerSurroundings): Promise<ListenerPart> {
    return new ListenerPart(planned, await listen(planned, surroundings), surroundings);
  }

  get planned(): PlannedListener {
    return this.#planned;
  }

  get listener(): WorkerListener {
    return this.#listener;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  async change(to: PlannedListener): Promise<Outcome> {
    const from = this.#planned;
    const { port } = this.#listener;
    const rebound = await rebind({
      port,
      toPort: to.config.port,
      isElsewhere: to.config.host !== from.config.host || to.config.port !== from.config.port,
      open: () => listen(to, this.surroundings),
      release: () => this.#listener.close(),
      gap: () => {
        this.#isRunning = false;
      },
      restore: () => listen({ ...from, config: { ...from.config, port } }, this.surroundings),
    });
    if (rebound.kind === 'lost') return rebound;
    this.#listener = rebound.bound ?? this.#listener;
    this.#isRunning = true;
    if (rebound.kind === 'kept') return { kind: 'kept', error: rebound.error };
    this.#planned = to;
    return DONE;
  }

  stop(): Promise<void> {
    return this.#listener.close();
  }
}

async function listen(
  { instance, config }: PlannedListener,
  { engine, driver, opened }: ListenerSurroundings,
): Promise<WorkerListener> {
  const listener = await engine.listen({
    instance,
    host: config.host,
    port: config.port,
    handshakeTimeoutMs: config.handshake_timeout_ms,
    driver: config.driver ?? driver ?? 'auto',
  });
  opened(listener);
  return listener;
}
