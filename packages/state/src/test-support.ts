import { rawFromText, textOfRaw } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { rawCalls } from 'iii-sdk/link';
import type { StateEventData } from 'iii-sdk/state';
import { LogBook, refusalOf, TestEngine, type TestEngineOptions } from 'iii-testing';
import type { StateConfig } from './config.js';
import { stateWorker } from './worker.js';

/** What a bound function was called with, in order. */
export class Heard {
  readonly events: StateEventData[] = [];
  #waiting: Array<() => void> = [];

  add(event: StateEventData): void {
    this.events.push(event);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** Resolves once there are so many. */
  async count(count: number): Promise<StateEventData[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.events;
  }
}

export interface BedOptions extends TestEngineOptions {
  readonly config?: Partial<StateConfig>;
}

type Running = Awaited<ReturnType<typeof stateWorker.start>>;

/** An engine, the worker on it, and a worker that uses it. */
export class TestBed implements AsyncDisposable {
  #functions = 0;

  private constructor(
    readonly engine: TestEngine,
    readonly log: LogBook,
    readonly app: IIIClient,
    readonly state: Running,
  ) {}

  static async open({ config = {}, ...options }: BedOptions = {}): Promise<TestBed> {
    const log = new LogBook();
    const engine = new TestEngine({ log, ...options });
    try {
      const state = await engine.start(stateWorker, config);
      return new TestBed(engine, log, await engine.client('app'), state);
    } catch (error) {
      await engine.close();
      throw error;
    }
  }

  /** Calls `state::<name>`. */
  call<T = unknown>(name: string, payload: unknown): Promise<T> {
    return this.app.trigger<unknown, T>({ function_id: `state::${name}`, payload });
  }

  /** As {@link call}, in JSON text; undefined when the result was absent. */
  async text(name: string, payload: string): Promise<string | undefined> {
    const call = { function_id: `state::${name}`, payload: rawFromText(payload) };
    const result = await rawCalls(this.app).trigger(call);
    return result && textOfRaw(result);
  }

  /** The code of the error a call ends with. */
  async refusal(name: string, payload: unknown): Promise<{ code: string; message: string }> {
    try {
      await this.call(name, payload);
    } catch (error) {
      const { code, message } = error as { code: string; message: string };
      return { code, message };
    }
    throw new Error(`state::${name} was not refused`);
  }

  set(scope: string, key: string, value: unknown, more: object = {}): Promise<unknown> {
    return this.call('set', { scope, key, value, ...more });
  }

  get(scope: string, key: string): Promise<unknown> {
    return this.call('get', { scope, key });
  }

  /** Binds a function that remembers what it is told; `handler` may do more. */
  async watch(
    config: object,
    handler: (event: StateEventData, metadata: unknown) => unknown = () => {},
    more: object = {},
  ): Promise<Heard & { readonly unregister: () => void }> {
    const heard = new Heard();
    const id = `test::watch-${++this.#functions}`;
    this.app.registerFunction(id, (event: StateEventData, metadata) => {
      heard.add(event);
      return handler(event, metadata);
    });
    const trigger = this.app.registerTrigger({ type: 'state', function_id: id, config, ...more });
    await this.heard();
    return Object.assign(heard, { unregister: () => trigger.unregister() });
  }

  /** Resolves once the engine and the worker have acted on what the app has told them. */
  async heard(): Promise<void> {
    await this.call('list_groups', {});
  }

  /** The reason a trigger is refused for, or undefined when it is not. */
  triggerRefusal(config: unknown): Promise<string | undefined> {
    return refusalOf(this.app, 'state', config);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.engine.close();
  }
}
