import type { IIIClient } from 'iii-sdk';
import type { FunctionHandler } from 'iii-sdk/engine';
import type { Trigger } from 'iii-sdk/trigger';
import { LogBook, refusalOf, settled, TestEngine, type TestEngineOptions } from 'iii-testing';
import { pubsubWorker } from './worker.js';

export interface Subscribed {
  readonly functionId?: string;
  readonly config?: object;
  readonly metadata?: Record<string, unknown>;
  readonly on?: IIIClient;
}

/** An engine with the worker on it, and a worker that subscribes and publishes. */
export class TestBed implements AsyncDisposable {
  #count = 0;

  private constructor(
    readonly engine: TestEngine,
    readonly log: LogBook,
    readonly app: IIIClient,
    readonly pubsub: Awaited<ReturnType<typeof pubsubWorker.start>>,
  ) {}

  static async open(config: object = {}, options: TestEngineOptions = {}): Promise<TestBed> {
    const log = new LogBook();
    const engine = new TestEngine({ log, ...options });
    const pubsub = await engine.start(pubsubWorker, config);
    return new TestBed(engine, log, await engine.client('app'), pubsub);
  }

  /** Binds a handler to a topic. */
  async subscribe(topic: unknown, handler: FunctionHandler, more: Subscribed = {}): Promise<Trigger> {
    const { functionId = `handler::${this.#count++}`, config, metadata, on = this.app } = more;
    on.registerFunction(functionId, handler);
    const trigger = on.registerTrigger({
      type: 'subscribe',
      function_id: functionId,
      config: { topic, ...config },
      ...(metadata === undefined ? {} : { metadata }),
    });
    await told(on);
    return trigger;
  }

  publish(topic: unknown, data: unknown): Promise<unknown> {
    return this.app.trigger({ function_id: 'publish', payload: { topic, data } });
  }

  /** The reason a trigger is refused for, or undefined when it is not. */
  refusal(config: unknown): Promise<string | undefined> {
    return refusalOf(this.app, 'subscribe', config);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.engine.close();
  }
}

/** What this client has registered or released is known to everyone in this process. */
export async function told(client: IIIClient): Promise<void> {
  await client.trigger({ function_id: 'engine::triggers::list' });
  await settled();
}

/** What arrives, and a way to wait for so much of it. */
export class Inbox<Item = unknown> {
  readonly items: Item[] = [];
  #awaited: Array<() => void> = [];

  readonly take = (item: Item): void => {
    this.items.push(item);
    for (const resolve of this.#awaited.splice(0)) resolve();
  };

  async filled(count: number): Promise<Item[]> {
    while (this.items.length < count) {
      await new Promise<void>((resolve) => this.#awaited.push(resolve));
    }
    return this.items;
  }
}
