import { DEFAULT_NAMESPACE, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { TriggerConfig } from 'iii-sdk/trigger';
import { watchForgottenTriggers } from 'iii-worker';
import type { Subscription } from './delivery/subscriber.js';
import type { Subscribers } from './delivery/subscribers.js';
import { pubsubError } from './errors.js';
import { MAX_TOPIC_LENGTH } from './publish.js';
import type { Transport } from './transport.js';
import { SUBSCRIBE_TRIGGER_CONFIG } from './trigger-schemas.js';

const TRIGGER_TYPE = 'subscribe';

/**
 * Serves the trigger type `subscribe` (workers-state-stream-pubsub-cron.md §3.2).
 *
 * @returns stops serving it.
 */
export function serveTriggerType(
  iii: IIIClient,
  subscribers: Subscribers,
  transport: Transport,
  logger: Log,
): () => void {
  const release = (id: string): void => {
    const subscription = subscribers.remove(id);
    if (subscription !== undefined) transport.leave(subscription.topic);
  };
  const type = iii.registerTriggerType<unknown>(
    {
      id: TRIGGER_TYPE,
      description: 'Messages published to a topic',
      trigger_request_format: SUBSCRIBE_TRIGGER_CONFIG,
      call_request_format: { description: 'The message as it was published.' },
    },
    {
      registerTrigger: async (trigger) => {
        // Whatever had the id is replaced, also by a trigger that is refused.
        release(trigger.id);
        const subscription = readSubscription(trigger);
        subscribers.put(subscription);
        try {
          await transport.join(subscription.topic);
        } catch (error) {
          subscribers.remove(subscription.id);
          const reason = error instanceof Error ? error.message : String(error);
          throw pubsubError('topic_unavailable', `${JSON.stringify(subscription.topic)} (${reason})`);
        }
      },
      unregisterTrigger: async ({ id }) => release(id),
    },
  );
  const stopWatching = watchForgottenTriggers(iii, TRIGGER_TYPE, {
    ids: () => subscribers.ids,
    forget: release,
    logger,
  });
  return () => {
    stopWatching();
    type.unregister();
    for (const id of subscribers.ids) release(id);
  };
}

function readSubscription(trigger: TriggerConfig<unknown>): Subscription {
  const { topic, condition_function_id: condition } = membersOf(trigger.config);
  if (typeof topic !== 'string' || topic === '') {
    throw pubsubError('topic_required', `topic is ${JSON.stringify(topic) ?? 'missing'}, and has to be text`);
  }
  if (topic.length > MAX_TOPIC_LENGTH) {
    throw pubsubError('topic_too_long', `the topic has ${topic.length} characters`);
  }
  return {
    id: trigger.id,
    topic,
    functionId: trigger.function_id,
    namespace: trigger.namespace ?? DEFAULT_NAMESPACE,
    conditionFunctionId: typeof condition === 'string' && condition !== '' ? condition : undefined,
    metadata: trigger.metadata,
  };
}

function membersOf(config: unknown): Readonly<Record<string, unknown>> {
  return typeof config === 'object' && config !== null ? (config as Record<string, unknown>) : {};
}
