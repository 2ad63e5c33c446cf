import { Engine, type WorkerListener } from 'iii-engine';
import { type Clock, type Log, systemClock } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { createClient, MemoryLink } from 'iii-sdk/link';
import type { Endpoint, RunningWorker } from 'iii-worker';
import type { Plan, PlannedListener, PlannedWorker } from './config/plan.js';

export interface HouseOptions {
  readonly version: string;
  readonly log: Log & { child(fields: object): Log };
  /** Implementation of ports that name none. */
  readonly driver?: 'auto' | 'uws' | 'node';
  readonly clock?: Clock;
}

/** A worker that runs in here, and its connection. */
interface Inhabitant {
  readonly planned: PlannedWorker;
  readonly iii: IIIClient;
  readonly running: RunningWorker<object>;
}

/** Milliseconds a worker may take to finish what it has, before it is told to stop at once. */
const WORKER_STOP_MS = 8_000;

/** An engine, the workers in its process, and its ports: built from a plan, started in order, stopped in reverse. */
export class House {
  readonly engine: Engine;
  readonly #inhabitants: Inhabitant[] = [];
  readonly #listeners: WorkerListener[] = [];
  readonly #abort = new AbortController();

  private constructor(
    private readonly plan: Plan,
    private readonly options: HouseOptions,
  ) {
    const { limits } = plan.root;
    this.engine = new Engine({
      version: options.version,
      log: options.log,
      limits: {
        registrationGraceMs: plan.root.registration_namespace_grace_ms,
        maxMessageBytes: limits.max_message_bytes,
        maxOutboxBytes: limits.max_outbox_bytes,
        maxInFlight: limits.max_in_flight,
      },
      ...(options.clock === undefined ? {} : { clock: options.clock }),
    });
  }

  /**
   * Starts everything. Ports for workers open last, when whoever comes in finds everything in place.
   *
   * @throws whatever kept a part from starting; what had started is stopped again.
   */
  static async start(plan: Plan, options: HouseOptions): Promise<House> {
    const house = new House(plan, options);
    try {
      for (const planned of plan.workers) await house.#startWorker(planned);
      for (const planned of plan.listeners) await house.#openListener(planned);
    } catch (error) {
      await house.stop();
      throw error;
    }
    return house;
  }

  get listeners(): readonly WorkerListener[] {
    return this.#listeners;
  }

  /** Ports the workers have opened, by the name of the worker. */
  get endpoints(): ReadonlyArray<Endpoint & { readonly worker: string }> {
    return this.#inhabitants.flatMap(({ planned, running }) =>
      (running.endpoints ?? []).map((endpoint) => ({ ...endpoint, worker: planned.instance })),
    );
  }

  /** Stops workers, then the engine with what it has in flight. */
  async stop(): Promise<void> {
    const timer = setTimeout(() => this.#abort.abort(), WORKER_STOP_MS);
    for (const { planned, iii, running } of this.#inhabitants.splice(0).reverse()) {
      try {
        await running.stop();
      } catch (error) {
        this.options.log.error({ err: error, worker: planned.instance }, 'a worker failed to stop');
      }
      await iii.shutdown();
    }
    clearTimeout(timer);
    await this.engine.close({ graceMs: this.plan.root.shutdown_grace_ms });
  }

  async #startWorker(planned: PlannedWorker): Promise<void> {
    const { definition, instance, config } = planned;
    const logger = this.options.log.child({ worker: instance });
    const iii = this.#connect(planned, logger);
    try {
      const running = await definition.start({
        iii,
        config: this.#withDriver(config) as Record<string, unknown>,
        name: instance,
        logger,
        clock: this.options.clock ?? systemClock,
        signal: this.#abort.signal,
      });
      this.#inhabitants.push({ planned, iii, running });
    } catch (error) {
      await iii.shutdown();
      throw new Error(`worker ${instance} did not start: ${(error as Error).message}`, { cause: error });
    }
  }

  #connect({ definition, instance }: PlannedWorker, logger: Log): IIIClient {
    const { name, version, description } = definition;
    const port = this.engine.connect({ name, instance, version, description });
    const ignore = () => {};
    return createClient(new MemoryLink(port, this.#ownAddress()), {
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

  async #openListener({ instance, config }: PlannedListener): Promise<void> {
    const driver = config.driver ?? this.options.driver ?? 'auto';
    const listener = await this.engine.listen({
      instance,
      host: config.host,
      port: config.port,
      handshakeTimeoutMs: config.handshake_timeout_ms,
      driver,
    });
    this.#listeners.push(listener);
  }

  /** A worker with a port of its own that does not say which driver it wants gets the one asked for as a whole. */
  #withDriver(config: object): object {
    const { driver } = this.options;
    return driver !== undefined && 'driver' in config && config.driver === 'auto'
      ? { ...config, driver }
      : config;
  }

  /** Where this engine’s workers reach it, if they ever need to from outside. */
  #ownAddress(): string {
    const [first] = this.plan.listeners;
    return `ws://127.0.0.1:${first?.config.port ?? 0}`;
  }
}
