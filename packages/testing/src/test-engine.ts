import { Engine, type EngineLimits } from 'iii-engine';
import { type Clock, type Log, silentLog, systemClock } from 'iii-protocol';
import { ManualClock } from 'iii-protocol/testing';
import type { IIIClient } from 'iii-sdk';
import { createClient, MemoryLink } from 'iii-sdk/link';
import {
  memoryStores,
  type RunningWorker,
  readConfig,
  type WorkerDefinition,
  type WorkerStores,
} from 'iii-worker';

/** The part of TypeBox's object schema a definition needs; the worker's own types fill in the rest. */
type AnyDefinition = WorkerDefinition;

export interface TestEngineOptions {
  /** `manual` stands still until `engine.clock.advance()` moves it. Default `system`. */
  readonly clock?: 'manual' | 'system';
  readonly limits?: Partial<EngineLimits>;
  readonly log?: Log;
  /** Stores of a worker that starts, by its name. Default: in memory, gone with the worker. */
  readonly storage?: (worker: string) => WorkerStores;
}

/**
 * An engine in memory with clients and workers on it, all of which end with it.
 *
 * @example
 * await using engine = new TestEngine();
 * const worker = await engine.client('math');
 * worker.registerFunction('math::add', ({ a, b }) => ({ c: a + b }));
 * const caller = await engine.client('caller');
 * expect(await caller.trigger({ function_id: 'math::add', payload: { a: 2, b: 3 } })).toEqual({ c: 5 });
 */
export class TestEngine implements AsyncDisposable {
  readonly engine: Engine;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #storage: (worker: string) => WorkerStores;
  readonly #clients: IIIClient[] = [];
  readonly #workers: Array<{ stop(): Promise<void> }> = [];
  readonly #abort = new AbortController();
  /** Where workers outside the process would find the engine, once it listens. */
  #address = 'ws://127.0.0.1:0';

  constructor(options: TestEngineOptions = {}) {
    this.#clock = options.clock === 'manual' ? new ManualClock() : systemClock;
    this.#log = options.log ?? silentLog;
    this.#storage = options.storage ?? memoryStores;
    this.engine = new Engine({
      version: '0.0.0-test',
      clock: this.#clock,
      log: this.#log,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
  }

  /** The clock that stands still, for engines made with `clock: 'manual'`. */
  get clock(): ManualClock {
    if (this.#clock instanceof ManualClock) return this.#clock;
    throw new Error("this engine runs on the system's clock: make it with { clock: 'manual' }");
  }

  /** Opens a port on loopback, for clients that need a socket; returns its address. */
  async listen(): Promise<string> {
    const listener = await this.engine.listen({ port: 0 });
    this.#address = `ws://${listener.address}`;
    return this.#address;
  }

  /** A client in memory, connected. */
  async client(name = 'test-client'): Promise<IIIClient> {
    const port = this.engine.connect({ name, instance: name, version: '0.0.0-test' });
    const client = createClient(new MemoryLink(port, this.#address), {
      identity: { name, description: undefined, namespace: undefined, telemetry: {} },
      invocationTimeoutMs: 30_000,
      clock: this.#clock,
      console: QUIET,
    });
    this.#clients.push(client);
    await client.ready();
    return client;
  }

  /** Starts a worker in memory with a configuration, which is checked as it would be anywhere. */
  async start<Definition extends AnyDefinition>(
    definition: Definition,
    config?: object,
  ): Promise<Awaited<ReturnType<Definition['start']>>> {
    const storage = this.#storage(definition.name);
    const running = (await definition.start({
      iii: await this.client(definition.name),
      config: readConfig(definition.name, definition.config, config),
      name: definition.name,
      storage,
      logger: this.#log,
      clock: this.#clock,
      signal: this.#abort.signal,
    })) as RunningWorker<object>;
    this.#workers.push({ stop: () => running.stop().finally(() => storage.close()) });
    return running as Awaited<ReturnType<Definition['start']>>;
  }

  /** Stops workers, clients and engine, in that order. */
  async close(): Promise<void> {
    for (const worker of this.#workers.splice(0).reverse()) await worker.stop();
    this.#abort.abort();
    for (const client of this.#clients.splice(0).reverse()) await client.shutdown();
    await this.engine.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const ignore = () => {};

/** Clients of tests print what went wrong and nothing else. */
const QUIET = {
  // biome-ignore lint/suspicious/noConsole: a problem nobody waits for should be seen by whoever runs the test
  problem: (message: string, error: unknown) => console.error(`[iii] ${message}`, error),
  retrying: ignore,
  registered: ignore,
  triggerFailed: ignore,
  functionRejected: ignore,
};
