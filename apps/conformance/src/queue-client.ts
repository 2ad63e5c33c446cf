import { expect } from 'vitest';
import { type OfficialClient, offered } from './official.js';

/** Configurations of an engine with queues, by where jobs are kept. */
export const QUEUE_STORES = {
  memory: queueConfig('adapter: { name: in_memory }'),
  disk: queueConfig('adapter: { name: builtin, config: { store_method: file_based } }'),
} as const;

function queueConfig(adapter: string): string {
  return `
workers:
  - name: iii-worker-manager
    config: { port: 0 }
  - name: iii-queue
    config:
      ${adapter}
      queue_configs:
        orders: { type: fifo, message_group_field: g, max_retries: 3, backoff_ms: 20 }
        quick: { max_retries: 1, backoff_ms: 20 }
`;
}

let queues = 0;

/** What a test does with queues, through the official client. */
export class QueueClient {
  constructor(readonly client: OfficialClient) {}

  call<T = unknown>(function_id: string, payload: unknown = {}): Promise<T> {
    return this.client.trigger({ function_id, payload });
  }

  /** A queue of its own, under a name nobody else has. */
  async define(config: object): Promise<string> {
    const queue = `q-${process.pid}-${++queues}`;
    await this.call('queue::define', { queue, config });
    return queue;
  }

  /** Offers a function, and waits until it is. */
  async offer(id: string, handler: (data: never, metadata?: unknown) => unknown): Promise<void> {
    this.client.registerFunction(id, async (data: unknown, metadata: unknown) =>
      handler(data as never, metadata),
    );
    await offered(this.client, id);
  }

  enqueue(queue: string, function_id: string, payload: unknown, more: object = {}) {
    return this.client.trigger<unknown, { messageReceiptId: string; deduplicated?: boolean }>({
      function_id,
      payload,
      action: { type: 'enqueue', queue, ...more },
    });
  }

  publish(topic: string, data: unknown): Promise<unknown> {
    return this.call('iii::durable::publish', { topic, data });
  }

  /** Binds a subscriber; resolves once its destination is there. */
  async subscribe(
    topic: string,
    function_id: string,
    config: object = {},
    more: object = {},
  ): Promise<{ unregister(): void }> {
    const trigger = this.client.registerTrigger({
      type: 'durable:subscriber',
      function_id,
      config: { topic, ...config },
      ...more,
    });
    await this.eventually(
      async () => (await this.stats(topic)).consumer_count ?? 0,
      (count) => count > 0,
    );
    return trigger;
  }

  stats(topic: string): Promise<Record<string, number | null>> {
    return this.call('engine::queue::topic_stats', { topic });
  }

  dead(topic: string, page: object = {}): Promise<Array<Record<string, unknown>>> {
    return this.call('engine::queue::dlq_messages', { topic, ...page });
  }

  /** Resolves once the queue has so many dead letters. */
  async dies(topic: string, count = 1): Promise<Array<Record<string, unknown>>> {
    return this.eventually(
      () => this.dead(topic),
      (letters) => letters.length === count,
    );
  }

  async drained(topic: string): Promise<void> {
    await this.eventually(
      () => this.stats(topic),
      ({ depth }) => depth === 0,
    );
  }

  async eventually<T>(read: () => Promise<T>, fits: (value: T) => boolean): Promise<T> {
    let value = await read();
    await expect
      .poll(
        async () => {
          value = await read();
          return fits(value);
        },
        { timeout: 15_000, interval: 20 },
      )
      .toBe(true);
    return value;
  }
}

/** Notes what handlers see, and wakes who waits for a number of it. */
export class Seen<T> {
  readonly all: T[] = [];
  #waiting: Array<{ readonly count: number; readonly resolve: () => void }> = [];

  note = (one: T): void => {
    this.all.push(one);
    for (const { count, resolve } of this.#waiting) if (count <= this.all.length) resolve();
    this.#waiting = this.#waiting.filter(({ count }) => count > this.all.length);
  };

  async reach(count: number): Promise<T[]> {
    if (this.all.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    }
    return this.all;
  }
}

/** Something handlers wait for. */
export function gate(): { readonly passed: Promise<void>; open(): void } {
  let open = () => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}
