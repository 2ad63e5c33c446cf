import type { IIIClient } from 'iii-sdk';
import { TriggerAction } from 'iii-sdk';
import { TestEngine, type TestEngineOptions } from 'iii-testing';
import { queueWorker } from './worker.js';

/** A receipt that was made here: a UUID in the layout of version 4. */
export const RECEIPT = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/** A call of a handler, as it was seen. */
export interface Seen {
  readonly data: unknown;
  readonly metadata: unknown;
  /** Milliseconds of the clock of the engine. */
  readonly atMs: number;
}

/** An engine with a queue worker and a client that hands in and takes out. */
export class QueueBench implements AsyncDisposable {
  private constructor(
    readonly engine: TestEngine,
    readonly client: IIIClient,
    readonly worker: Awaited<ReturnType<typeof queueWorker.start>>,
  ) {}

  static async start(config: object = {}, options: TestEngineOptions = {}): Promise<QueueBench> {
    const engine = new TestEngine(options);
    const worker = await engine.start(queueWorker, config);
    return new QueueBench(engine, await engine.client('tester'), worker);
  }

  call<T = unknown>(functionId: string, payload: unknown = {}): Promise<T> {
    return this.client.trigger({ function_id: functionId, payload });
  }

  enqueue(queue: string, functionId: string, payload: unknown, options: object = {}) {
    return this.client.trigger<unknown, { messageReceiptId: string; deduplicated?: boolean }>({
      function_id: functionId,
      payload,
      action: TriggerAction.Enqueue({ queue, ...options }),
    });
  }

  stats(topic: string) {
    return this.call<Record<string, number>>('engine::queue::topic_stats', { topic });
  }

  dead(topic: string) {
    return this.call<Array<Record<string, unknown>>>('engine::queue::dlq_messages', { topic });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.engine.close();
  }
}

/** Notes calls, and wakes who waits for a number of them. */
export class Calls<T = unknown> {
  readonly all: T[] = [];
  #waiting: Array<{ readonly count: number; readonly resolve: () => void }> = [];

  note(one: T): void {
    this.all.push(one);
    const ready = this.#waiting.filter(({ count }) => count <= this.all.length);
    this.#waiting = this.#waiting.filter(({ count }) => count > this.all.length);
    for (const { resolve } of ready) resolve();
  }

  async reach(count: number): Promise<T[]> {
    if (this.all.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    }
    return this.all;
  }
}

/** A gate handlers wait at. */
export class Gate {
  readonly #promise: Promise<void>;
  open: () => void = () => {};

  constructor() {
    this.#promise = new Promise((resolve) => {
      this.open = resolve;
    });
  }

  passed(): Promise<void> {
    return this.#promise;
  }
}
