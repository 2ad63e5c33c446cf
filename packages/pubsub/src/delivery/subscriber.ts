import { type Log, parseRaw } from 'iii-protocol';
import type { RawCalls } from 'iii-sdk/link';
import type { PubsubConfig } from '../config.js';
import type { Message, MessageBudget } from './message.js';

/** A trigger of type `subscribe`, read. */
export interface Subscription {
  readonly id: string;
  readonly topic: string;
  readonly functionId: string;
  readonly namespace: string;
  readonly conditionFunctionId: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
}

/** What delivering takes. `config` is read at every message, so it may change. */
export interface DeliveryContext {
  readonly calls: RawCalls;
  readonly budget: MessageBudget;
  readonly config: () => PubsubConfig;
  readonly logger: Log;
}

/**
 * One subscriber and the messages that wait for it. Its function is called in the order they were published in, with up
 * to `max_in_flight` of them at a time; whatever becomes of it, no other subscriber notices.
 */
export class Subscriber {
  readonly #waiting: Message[] = [];
  #bytes = 0;
  #inFlight = 0;
  /** A condition is being asked, and decides whether the next call is made: order hangs on it. */
  #isDeciding = false;
  #isClosed = false;
  #dropped = 0;
  #failures = 0;

  constructor(
    readonly subscription: Subscription,
    private readonly context: DeliveryContext,
  ) {}

  /** Takes a message to be delivered, or drops it when too much is waiting. */
  offer(message: Message): void {
    if (this.#isClosed) return;
    const { config, budget } = this.context;
    const hasRoom = this.#bytes === 0 || this.#bytes + message.bytes <= config().max_subscriber_bytes;
    if (!hasRoom || !budget.hold(message)) {
      this.#drop();
      return;
    }
    this.#bytes += message.bytes;
    this.#waiting.push(message);
    this.#pump();
  }

  /** What waits is dropped; calls that were made run on. */
  close(): void {
    this.#isClosed = true;
    for (const message of this.#waiting.splice(0)) this.#release(message);
  }

  #pump(): void {
    while (!this.#isClosed && !this.#isDeciding && this.#inFlight < this.context.config().max_in_flight) {
      const message = this.#waiting.shift();
      if (message === undefined) return;
      this.#inFlight++;
      const condition = this.subscription.conditionFunctionId;
      void (condition === undefined ? this.#deliver(message) : this.#decide(condition, message)).finally(
        () => {
          this.#inFlight--;
          this.#release(message);
          this.#pump();
        },
      );
    }
  }

  /** Never rejects. */
  async #decide(condition: string, message: Message): Promise<void> {
    this.#isDeciding = true;
    let holds = false;
    try {
      const result = await this.#call(condition, message);
      // DESIGN D7
      holds = result !== undefined && Boolean(parseRaw(result));
    } catch (error) {
      this.#failed(condition, message, error);
    }
    this.#isDeciding = false;
    const delivered = holds && !this.#isClosed ? this.#deliver(message) : undefined;
    // The call above is made: the next may follow.
    this.#pump();
    await delivered;
  }

  /** Calls the function before it returns. Never rejects. */
  async #deliver(message: Message): Promise<void> {
    const { functionId, metadata } = this.subscription;
    try {
      await this.#call(functionId, message, metadata);
      this.#failures = 0;
    } catch (error) {
      this.#failed(functionId, message, error);
    }
  }

  #call(functionId: string, message: Message, metadata?: Readonly<Record<string, unknown>>) {
    return this.context.calls.trigger({
      function_id: functionId,
      payload: message.data,
      namespace: this.subscription.namespace,
      timeoutMs: this.context.config().delivery_timeout,
      ...(metadata === undefined ? {} : { metadata }),
    });
  }

  #release(message: Message): void {
    this.#bytes -= message.bytes;
    this.context.budget.release(message);
    if (this.#bytes > 0 || this.#dropped === 0) return;
    const what = this.#isClosed ? 'a slow subscriber has left' : 'a subscriber has caught up';
    this.context.logger.warn(
      { ...this.#fields(), dropped: this.#dropped },
      `${what}: ${this.#dropped} messages were dropped for it`,
    );
    this.#dropped = 0;
  }

  /** Told once when it begins and once when it is over, however many they are. */
  #drop(): void {
    this.#dropped++;
    if (this.#dropped > 1) return;
    this.context.logger.warn(
      { ...this.#fields(), waiting_bytes: this.#bytes },
      'a subscriber is too slow: messages are dropped for it until it has caught up. Make it faster, or raise max_subscriber_bytes and max_bytes',
    );
  }

  #failed(functionId: string, message: Message, error: unknown): void {
    this.#failures++;
    // One that fails at every message is told of once.
    const level = this.#failures === 1 ? 'error' : 'debug';
    const fields = { ...this.#fields(), function_id: functionId, topic: message.topic, err: error };
    this.context.logger[level](
      fields,
      'a message was not delivered; the next failures in a row are only logged at debug level',
    );
  }

  #fields(): object {
    const { id, topic, functionId } = this.subscription;
    return { trigger_id: id, subscribed_to: topic, function_id: functionId };
  }
}
