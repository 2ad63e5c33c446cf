import type { StreamEvent } from '../event.js';
import type { Subscription } from './subscription.js';

/** Finds the subscriptions an event is for. */
export class Hub {
  readonly #streams = new Map<string, Map<string, Set<Subscription>>>();

  add(subscription: Subscription): void {
    const { streamName, groupId } = subscription.attendance;
    const groups = this.#streams.get(streamName) ?? new Map<string, Set<Subscription>>();
    this.#streams.set(streamName, groups);
    const subscriptions = groups.get(groupId) ?? new Set<Subscription>();
    groups.set(groupId, subscriptions);
    subscriptions.add(subscription);
  }

  remove(subscription: Subscription): void {
    const { streamName, groupId } = subscription.attendance;
    const groups = this.#streams.get(streamName);
    const subscriptions = groups?.get(groupId);
    subscriptions?.delete(subscription);
    if (subscriptions?.size === 0) groups?.delete(groupId);
    if (groups?.size === 0) this.#streams.delete(streamName);
  }

  /** Hands an event to each subscription it is for; its text is the same bytes for all of them. */
  readonly deliver = (event: StreamEvent): void => {
    const subscriptions = this.#streams.get(event.group.streamName)?.get(event.group.groupId);
    if (subscriptions === undefined) return;
    for (const subscription of subscriptions) {
      if (subscription.isMeant(event)) subscription.deliver(event);
    }
  };
}
