import { ownRaw, type RawJson } from 'iii-protocol';
import { TopicTree } from '../topics/topic-tree.js';
import { Message } from './message.js';
import { type DeliveryContext, Subscriber, type Subscription } from './subscriber.js';

/** Everyone who is subscribed here, by the id of their trigger. */
export class Subscribers {
  readonly #byId = new Map<string, Subscriber>();
  readonly #byTopic = new TopicTree<Subscriber>();

  constructor(private readonly context: DeliveryContext) {}

  get ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** Subscribes in place of whatever had the id. */
  put(subscription: Subscription): void {
    this.remove(subscription.id);
    const subscriber = new Subscriber(subscription, this.context);
    this.#byId.set(subscription.id, subscriber);
    this.#byTopic.add(subscription.topic, subscriber);
  }

  /** @returns what was subscribed, if anything was. */
  remove(id: string): Subscription | undefined {
    const subscriber = this.#byId.get(id);
    if (subscriber === undefined) return undefined;
    this.#byId.delete(id);
    this.#byTopic.remove(subscriber.subscription.topic, subscriber);
    subscriber.close();
    return subscriber.subscription;
  }

  /** Begins to deliver a message to everyone it is for. The data is copied. */
  deliver(topic: string, data: RawJson): void {
    const recipients = this.#byTopic.matching(topic);
    if (recipients.size === 0) return;
    const message = new Message(topic, ownRaw(data));
    for (const recipient of recipients) recipient.offer(message);
  }
}
