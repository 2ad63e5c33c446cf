import type { Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { FunctionHandler } from 'iii-sdk/engine';
import type { Trigger } from 'iii-sdk/trigger';
import { TestEngine, type TestEngineOptions } from 'iii-testing';
import { pubsubWorker } from './worker.js';

export interface LogLine {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A log that tests can read. */
export class LogBook implements Log {
  readonly lines: LogLine[] = [];
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');

  of(level: LogLine['level']): LogLine[] {
    return this.lines.filter((line) => line.level === level);
  }

  #writer(level: LogLine['level']) {
    return (fields: object, message: string) =>
      void this.lines.push({ level, message, fields: fields as Record<string, unknown> });
  }
}

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
  async refusal(config: unknown): Promise<string | undefined> {
    return this.app
      .trigger({
        function_id: 'engine::register_trigger',
        payload: { trigger_type: 'subscribe', function_id: 'f', config },
      })
      .then(
        () => undefined,
        (error: { code: string; message: string }) => {
          if (error.code !== 'trigger_registration_failed') throw error;
          return error.message;
        },
      );
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

/** What has been said in this process has been heard. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
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
