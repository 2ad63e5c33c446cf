import type { RawJson } from 'iii-protocol';

/** A message came for whoever is subscribed here. */
export type Deliver = (topic: string, data: RawJson) => void;

/**
 * What carries messages between engines. Which subscriber gets what is decided where it is subscribed, so a transport
 * knows topics and patterns (`isPattern`) only.
 */
export interface Transport {
  /**
   * Hands a message on to every engine that has joined its topic, this one included. Messages of one publisher arrive
   * in the order they were published.
   *
   * @throws Error when nobody will get it.
   */
  publish(topic: string, data: RawJson): Promise<void>;
  /** Resolves once messages to the topic, or to what matches it, arrive here. Counted: each is left once. */
  join(topic: string): Promise<void>;
  leave(topic: string): void;
  close(): Promise<void>;
}

/** Nothing in between: everyone is here. */
export function localTransport(deliver: Deliver): Transport {
  return {
    publish: async (topic, data) => deliver(topic, data),
    join: async () => {},
    leave: () => {},
    close: async () => {},
  };
}
