import { Engine, type WorkerListener } from 'iii-engine';
import { type Clock, type Log, systemClock } from 'iii-protocol';
import { type Endpoint, failureText } from 'iii-worker';
import { announceExternal, announceListener } from './announce.js';
import type { Plan, PlannedListener, PlannedWorker } from './config/plan.js';
import type { HealthConfig } from './config/schema.js';
import { HealthPort } from './health-port.js';
import { ListenerPart } from './parts/listener-part.js';
import { errorOf, isAddressInUse, type Outcome } from './parts/part.js';
import { describe, Parts, type Step } from './parts/parts.js';
import { WorkerPart } from './parts/worker-part.js';
import { engineOptions, fixedSettingsThatDiffer } from './settings.js';

export interface HouseOptions {
  readonly version: string;
  readonly log: Log & { child(fields: object): Log };
  /** Implementation of ports that name none. */
  readonly driver?: 'auto' | 'uws' | 'node';
  readonly clock?: Clock;
}

/** *starting* → *running* (takes other plans) → *stopping*. */
type Phase = 'starting' | 'running' | 'stopping';

/** Milliseconds workers may take to finish what they have, before they are told to stop at once. */
const WORKERS_STOP_MS = 8_000;

/** An engine, the workers in its process, and its ports: built from a plan, started in order, stopped in reverse. */
export class House {
  readonly engine: Engine;
  readonly #log: Log;
  readonly #workers: Parts<PlannedWorker, WorkerPart>;
  readonly #listeners: Parts<PlannedListener, ListenerPart>;
  readonly #abort = new AbortController();
  #phase: Phase = 'starting';
  /** What is wanted. What of it runs is known to the parts. */
  #plan: Plan;
  #health: HealthPort | undefined;
  #healthProblem: string | undefined;
  #refusal: string | undefined;
  readonly #dataDirectories = new Set<string>();
  /** Plans are applied, and the end comes, one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    /** What the engine was made with; some of it cannot change. */
    private readonly firstPlan: Plan,
    options: HouseOptions,
  ) {
    const { log, version, driver, clock = systemClock } = options;
    this.#log = log;
    this.#plan = firstPlan;
    this.engine = new Engine({ version, log, clock, ...engineOptions(firstPlan.root) });
    const { engine } = this;
    const address = () => this.#ownAddress();
    const opened = (listener: WorkerListener) => {
      if (this.#phase === 'running') announceListener(listener, log);
    };
    const data = { path: firstPlan.dataDirectory, opened: this.#announceData };
    const workers = { engine, log, driver, clock, address, data, signal: this.#abort.signal };
    this.#workers = new Parts((planned) => WorkerPart.start(planned, workers));
    this.#listeners = new Parts((planned) => ListenerPart.open(planned, { engine, driver, opened }));
  }

  /**
   * Starts everything: the port for probes first, ports for workers last, when whoever comes in finds everything in
   * place.
   *
   * @throws whatever kept a part from starting; what had started is stopped again.
   */
  static async start(plan: Plan, options: HouseOptions): Promise<House> {
    const house = new House(plan, options);
    try {
      await house.#start();
    } catch (error) {
      await house.stop();
      throw error;
    }
    return house;
  }

  get listeners(): readonly WorkerListener[] {
    return this.#listeners.running.map(({ listener }) => listener);
  }

  /** Ports the workers have opened, by the name of the worker. */
  get endpoints(): ReadonlyArray<Endpoint & { readonly worker: string }> {
    return this.#workers.running.flatMap(({ planned, endpoints }) =>
      endpoints.map((endpoint) => ({ ...endpoint, worker: planned.instance })),
    );
  }

  /** `host:port` of the port for probes, where there is one. */
  get healthAddress(): string | undefined {
    return this.#health?.address;
  }

  /** Why not everything of the configuration runs as it should; empty when it does. */
  get reasons(): readonly string[] {
    if (this.#phase === 'starting') return ['starting'];
    if (this.#phase === 'stopping') return ['shutting down'];
    return [
      ...[this.#refusal, this.#healthProblem].filter((reason) => reason !== undefined),
      ...this.#workers.reasons,
      ...this.#listeners.reasons,
    ];
  }

  /** A changed configuration cannot be used: everything runs on as before, and is not as it should be. */
  refuse(reason: string): void {
    this.#refusal = reason;
  }

  /**
   * Makes what runs what the plan wants, without touching what is as it should be (§4.8). What cannot be changed goes
   * on as before.
   *
   * @returns how many steps failed; each is told in the log.
   */
  apply(plan: Plan): Promise<{ readonly failed: number }> {
    return this.#inTurn(() => this.#apply(plan));
  }

  /** Stops workers, then the engine with what it has in flight, and the port for probes last. */
  async stop(): Promise<void> {
    this.#phase = 'stopping';
    const timer = setTimeout(() => this.#abort.abort(), WORKERS_STOP_MS);
    await this.#inTurn(async () => {
      for (const worker of this.#workers.running.reverse()) await worker.stop();
    }).finally(() => clearTimeout(timer));
    await this.#inTurn(async () => {
      await this.engine.close({ graceMs: this.#plan.root.shutdown_grace_ms });
      await this.#health?.close();
    });
  }

  async #start(): Promise<void> {
    const { root, workers, listeners } = this.#plan;
    if (root.health !== undefined) {
      this.#health = await this.#openHealth(root.health).catch(failed('the health port did not open'));
    }
    for (const planned of workers) {
      await this.#workers.add(planned).catch(failed(`worker ${planned.instance} did not start`));
    }
    for (const planned of listeners) await this.#listeners.add(planned);
    this.#phase = 'running';
  }

  async #apply(plan: Plan): Promise<{ readonly failed: number }> {
    if (this.#phase !== 'running') return { failed: 0 };
    const workers = this.#workers.steps(plan.workers);
    const listeners = this.#listeners.steps(plan.listeners);
    const removals = [...workers.removals, ...listeners.removals];
    const changes = [...workers.changes, ...listeners.changes];
    const additions = [...workers.additions, ...listeners.additions];
    const counts = `+${additions.length} added, -${removals.length} removed, ~${changes.length} changed`;
    this.#log.info({}, `reload: diff ${counts}, =${workers.unchanged + listeners.unchanged} unchanged`);
    this.#refusal = undefined;
    this.#takeSettings(plan);
    await this.#changeHealth(plan.root.health);
    const failed = this.#healthProblem === undefined ? 0 : 1;
    return {
      failed:
        failed +
        (await this.#run(removals)) +
        (await this.#runChanges(changes)) +
        (await this.#run(additions)),
    };
  }

  /** Settings outside of workers and ports: what a running engine can take, counts from now on. */
  #takeSettings(plan: Plan): void {
    const before = this.#plan;
    this.#plan = plan;
    const late = new Set(fixedSettingsThatDiffer(this.firstPlan.root, plan.root));
    const names = fixedSettingsThatDiffer(before.root, plan.root).filter((name) => late.has(name));
    if (names.length > 0) {
      this.#log.warn({}, `reload: ${names.join(', ')}: changes take effect at the next start of the engine`);
    }
    const known = new Set(before.external);
    announceExternal(
      plan.external.filter((name) => !known.has(name)),
      this.#log,
    );
  }

  /** @returns how many failed. */
  async #run(steps: readonly Step[]): Promise<number> {
    let failed = 0;
    for (const { instance, run } of steps) {
      if (this.#phase !== 'running') return failed;
      if (this.#told(instance, await run())) failed++;
    }
    return failed;
  }

  /** As {@link #run}; what meets a port that is taken waits for others, which may be about to leave it. */
  async #runChanges(steps: readonly Step[]): Promise<number> {
    let failed = 0;
    let waiting = steps;
    while (waiting.length > 0) {
      const blocked: Array<{ readonly step: Step; readonly outcome: Outcome }> = [];
      for (const step of waiting) {
        if (this.#phase !== 'running') return failed;
        const outcome = await step.run();
        if (outcome.kind === 'kept' && isAddressInUse(outcome.error)) blocked.push({ step, outcome });
        else if (this.#told(step.instance, outcome)) failed++;
      }
      if (blocked.length === waiting.length) {
        for (const { step, outcome } of blocked) this.#told(step.instance, outcome);
        return failed + blocked.length;
      }
      waiting = blocked.map(({ step }) => step);
    }
    return failed;
  }

  /** Whether it failed, which is logged. */
  #told(instance: string, outcome: Outcome): boolean {
    if (outcome.kind === 'done') return false;
    this.#log.error({}, `reload: ${instance} ${describe(outcome)}`);
    return true;
  }

  async #changeHealth(wanted: HealthConfig | undefined): Promise<void> {
    this.#healthProblem = undefined;
    try {
      if (wanted === undefined) {
        await this.#health?.close();
        this.#health = undefined;
      } else if (this.#health === undefined) {
        this.#health = await this.#openHealth(wanted);
      } else {
        const failure = await this.#health.move(wanted);
        if (failure?.lost === true) this.#health = undefined;
        if (failure !== undefined) throw failure.error;
      }
    } catch (error) {
      this.#healthProblem = `health: ${errorOf(error).message}`;
      this.#log.error({}, `reload: ${this.#healthProblem}`);
    }
  }

  #openHealth(config: HealthConfig): Promise<HealthPort> {
    return HealthPort.open(config, { reasons: () => this.reasons, log: this.#log });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  /** Says where data is, once for each place. */
  readonly #announceData = (directory: string): void => {
    if (this.#dataDirectories.has(directory)) return;
    this.#dataDirectories.add(directory);
    this.#log.info({}, `data in ${directory}`);
  };

  /** Where this engine’s workers reach it, if they ever need to from outside. */
  #ownAddress(): string {
    const [first] = this.#plan.listeners;
    return `ws://127.0.0.1:${first?.config.port ?? 0}`;
  }
}

/** Rethrows with what it kept from happening. */
function failed(what: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${what}: ${failureText(error)}`, { cause: error });
  };
}
