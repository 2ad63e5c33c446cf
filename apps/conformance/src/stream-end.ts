import { once } from 'node:events';
import { WebSocket } from 'ws';
import { type OfficialClient, offered } from './official.js';

/** What a socket receives, and what functions bound to a stream are called with. */
export interface StreamEnvelope {
  readonly type: 'stream';
  readonly timestamp: number;
  readonly streamName: string;
  readonly groupId: string;
  readonly id: string | null;
  readonly event: { readonly type: string; readonly data?: unknown; readonly event?: unknown };
}

/** Things that come one by one, and can be waited for. */
export class Arrivals<T> {
  readonly items: T[] = [];
  #taken = 0;
  #waiting: Array<() => void> = [];
  #over: Error | undefined;

  readonly put = (item: T): void => {
    this.items.push(item);
    for (const wake of this.#waiting.splice(0)) wake();
  };

  /** Nothing will come any more; whoever waits is told why. */
  end(reason: Error): void {
    this.#over = reason;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The next one, when it comes. */
  async next(): Promise<T> {
    while (this.items.length <= this.#taken) {
      if (this.#over !== undefined) throw this.#over;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.items[this.#taken++] as T;
  }
}

/** A socket of the stream worker, as a browser would have it. */
export class StreamEnd {
  readonly #texts = new Arrivals<string>();

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.#texts.put(String(data)));
    socket.on('close', (code) => this.#texts.end(new Error(`the socket was closed with ${code}`)));
  }

  static async open(url: string): Promise<StreamEnd> {
    const end = new StreamEnd(new WebSocket(url));
    await once(end.socket, 'open');
    return end;
  }

  send(
    type: 'join' | 'leave',
    streamName: string,
    groupId: string,
    id?: string,
    subscriptionId = 's1',
  ): this {
    this.socket.send(JSON.stringify({ type, data: { subscriptionId, streamName, groupId, id } }));
    return this;
  }

  text(): Promise<string> {
    return this.#texts.next();
  }

  async next(): Promise<StreamEnvelope> {
    return JSON.parse(await this.text()) as StreamEnvelope;
  }

  async event(): Promise<StreamEnvelope['event']> {
    return (await this.next()).event;
  }

  /** Joins, and resolves with the sync or what else is answered. */
  async join(
    streamName: string,
    groupId: string,
    id?: string,
    subscriptionId?: string,
  ): Promise<StreamEnvelope> {
    return this.send('join', streamName, groupId, id, subscriptionId).next();
  }
}

/** Calls a function of streams as programs do. */
export function streamCall<T = unknown>(
  client: OfficialClient,
  operation: string,
  payload: object,
): Promise<T> {
  return client.trigger<object, T>({ function_id: `stream::${operation}`, payload });
}

/** Binds a handler with an official client; resolves once the worker knows of it. */
export async function bound<T>(
  client: OfficialClient,
  type: string,
  config: unknown,
  handler: (payload: T) => unknown,
) {
  const function_id = `bound::${crypto.randomUUID()}`;
  client.registerFunction(function_id, async (payload: T) => handler(payload));
  client.registerTrigger({ type, function_id, config });
  await offered(client, function_id);
  // In the order of this connection, and so behind the trigger.
  await streamCall(client, 'list_all', {});
}
