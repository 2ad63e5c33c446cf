import { DEFAULT_NAMESPACE, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { watchForgottenTriggers } from 'iii-worker';
import type { QueueService } from '../service.js';
import { readSubscription, SubscriberConfig } from './subscriber-config.js';

export const SUBSCRIBER_TYPE = 'durable:subscriber';

/**
 * Serves the trigger type `durable:subscriber` (spec/worker-queue.md §6.2).
 *
 * @returns stops serving it.
 */
export function serveSubscribers(iii: IIIClient, service: QueueService, logger: Log): () => void {
  const type = iii.registerTriggerType<unknown>(
    {
      id: SUBSCRIBER_TYPE,
      description: 'Durable queue subscriber',
      trigger_request_format: JSON.parse(JSON.stringify(SubscriberConfig)) as Record<string, unknown>,
    },
    {
      registerTrigger: async ({
        id,
        function_id: functionId,
        namespace = DEFAULT_NAMESPACE,
        config,
        metadata,
      }) => {
        const subscription = readSubscription(config, metadata);
        await service.topics.bind(id, { namespace, functionId }, subscription);
        logger.debug({ trigger_id: id, topic: subscription.topic }, `${functionId} subscribes`);
      },
      unregisterTrigger: async ({ id }) => service.topics.unbind(id),
    },
  );
  const stopWatching = watchForgottenTriggers(iii, SUBSCRIBER_TYPE, {
    ids: () => service.topics.triggerIds(),
    forget: (id) => service.topics.unbind(id),
    logger,
  });
  return () => {
    stopWatching();
    type.unregister();
  };
}
