import type { Engine } from 'iii-engine';
import type { Clock, Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { createClient, MemoryLink } from 'iii-sdk/link';
import { dataStores, type Endpoint, ownerOf, type RunningWorker, type WorkerStores } from 'iii-worker';
import type { PlannedWorker } from '../config/plan.js';
import { DONE, errorOf, neither, type Outcome, type Part } from './part.js';

export interface WorkerSurroundings {
  readonly engine: Engine;
  readonly log: Log & { child(fields: object): Log };
  /** Implementation of ports that name none. */
  readonly driver: 'auto' | 'uws' | 'node' | undefined;
  readonly clock: Clock;
  /** Where workers keep what should outlive the engine. */
  readonly data: DataDirectory;
  /** Where workers reach the engine, if they ever need to from outside. */
  readonly address: () => string;
  /** Aborted when every worker must stop at once. */
  readonly signal: AbortSignal;
}

export interface DataDirectory {
  /** Absolute; made when a worker needs it first. */
  readonly path: string;
  /** Told of each directory a store has been opened in. */
  readonly opened: (directory: string) => void;
}

/** A worker between its start and its stop. */
interface Life {
  readonly iii: IIIClient;
  readonly running: RunningWorker<object>;
  readonly storage: WorkerStores;
  readonly abort: AbortController;
}

/** Milliseconds a worker may take to finish what it has, before it is told to stop at once. */
const STOP_AT_ONCE_AFTER_MS = 8_000;

/** A worker that runs in this process, and its connection. */
export class WorkerPart implements Part<PlannedWorker> {
  #planned: PlannedWorker;
  #life: Life | undefined;

  private constructor(
    planned: PlannedWorker,
    life: Life,
    private readonly surroundings: WorkerSurroundings,
  ) {
    this.#planned = planned;
    this.#life = life;
  }

  /** @throws whatever kept the worker from starting. */
  static async start(planned: PlannedWorker, surroundings: WorkerSurroundings): Promise<WorkerPart> {
    return new WorkerPart(planned, await begin(planned, surroundings), surroundings);
  }

  get planned(): PlannedWorker {
    return this.#planned;
  }

  get isRunning(): boolean {
    return this.#life !== undefined;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#life?.running.endpoints ?? [];
  }

  /** A worker that can take a new configuration gets it; another one starts anew once the old one has let go. */
  async change(to: PlannedWorker): Promise<Outcome> {
    const running = this.#life?.running;
    if (running?.reconfigure === undefined) return this.#replace(to);
    try {
      await running.reconfigure(configOf(to, this.surroundings));
      this.#planned = to;
      return DONE;
    } catch (failure) {
      try {
        await running.reconfigure(configOf(this.#planned, this.surroundings));
        return { kind: 'kept', error: errorOf(failure) };
      } catch {
        await this.stop();
        return this.#restore(failure);
      }
    }
  }

  async stop(): Promise<void> {
    const life = this.#life;
    if (life === undefined) return;
    this.#life = undefined;
    const { clock, log } = this.surroundings;
    const timer = clock.setTimeout(() => life.abort.abort(), STOP_AT_ONCE_AFTER_MS);
    try {
      await life.running.stop();
    } catch (error) {
      log.error({ err: error, worker: this.#planned.instance }, 'a worker failed to stop');
    } finally {
      clock.clearTimeout(timer);
    }
    await life.iii.shutdown();
    await life.storage.close();
  }

  async #replace(to: PlannedWorker): Promise<Outcome> {
    await this.stop();
    try {
      this.#life = await begin(to, this.surroundings);
      this.#planned = to;
      return DONE;
    } catch (failure) {
      return this.#restore(failure);
    }
  }

  async #restore(failure: unknown): Promise<Outcome> {
    try {
      this.#life = await begin(this.#planned, this.surroundings);
      return { kind: 'kept', error: errorOf(failure) };
    } catch (restoring) {
      return { kind: 'lost', error: neither(failure, restoring) };
    }
  }
}

async function begin(planned: PlannedWorker, surroundings: WorkerSurroundings): Promise<Life> {
  const { definition, instance } = planned;
  const logger = surroundings.log.child({ worker: instance });
  const iii = connect(planned, surroundings, logger);
  const abort = new AbortController();
  const storage = dataStores({
    directory: surroundings.data.path,
    owner: ownerOf(definition.name, instance),
    opened: surroundings.data.opened,
    warn: (message) => logger.warn({}, message),
  });
  try {
    const running = await definition.start({
      iii,
      config: configOf(planned, surroundings) as Record<string, unknown>,
      name: instance,
      storage,
      logger,
      clock: surroundings.clock,
      signal: AbortSignal.any([surroundings.signal, abort.signal]),
    });
    return { iii, running, storage, abort };
  } catch (error) {
    await iii.shutdown();
    await storage.close();
    throw error;
  }
}

function connect(
  { definition, instance }: PlannedWorker,
  { engine, address }: WorkerSurroundings,
  logger: Log,
): IIIClient {
  const { name, version, description } = definition;
  const port = engine.connect({ name, instance, version, description });
  const ignore = () => {};
  return createClient(new MemoryLink(port, address()), {
    identity: { name: instance, description, namespace: undefined, telemetry: {} },
    invocationTimeoutMs: 30_000,
    console: {
      problem: (message, error) => logger.error({ err: error }, message),
      retrying: ignore,
      registered: ignore,
      triggerFailed: (id, type, message) => logger.error({ trigger_id: id, trigger_type: type }, message),
      functionRejected: (id) => logger.error({ function_id: id }, 'the engine refused a function'),
    },
  });
}

/** A worker with a port of its own that does not say which driver it wants gets the one asked for as a whole. */
function configOf({ config }: PlannedWorker, { driver }: WorkerSurroundings): object {
  return driver !== undefined && 'driver' in config && config.driver === 'auto'
    ? { ...config, driver }
    : config;
}
