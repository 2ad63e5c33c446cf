import { rawCalls } from 'iii-sdk/link';
import { defineWorker } from 'iii-worker';
import { PubsubConfig } from './config.js';
import { MessageBudget } from './delivery/message.js';
import { Subscribers } from './delivery/subscribers.js';
import { offerPublish } from './publish.js';
import { localTransport } from './transport.js';
import { serveTriggerType } from './trigger-type.js';
import { VERSION } from './version.js';

/**
 * Delivers what is published to a topic to every function bound to it: serves the trigger type `subscribe` and offers
 * `publish` (workers-state-stream-pubsub-cron.md §3).
 *
 * @example
 * iii.registerTrigger({ type: 'subscribe', function_id: 'mail::welcome', config: { topic: 'users.created' } });
 * await iii.trigger({ function_id: 'publish', payload: { topic: 'users.created', data: { id: 7 } } });
 */
export const pubsubWorker = defineWorker({
  name: 'iii-pubsub',
  aliases: ['pubsub'],
  version: VERSION,
  description: 'Publishes messages to topics, and delivers them to the functions bound to those.',
  config: PubsubConfig,
  async start({ iii, config, logger }) {
    let current = config;
    const subscribers = new Subscribers({
      calls: rawCalls(iii),
      budget: new MessageBudget(() => current.max_bytes),
      config: () => current,
      logger,
    });
    const transport = localTransport((topic, data) => subscribers.deliver(topic, data));
    // Before the function, so that triggers which are waiting get what is published first.
    const stopServingType = serveTriggerType(iii, subscribers, transport, logger);
    const publish = offerPublish(iii, transport);
    return {
      async reconfigure(changed) {
        current = changed;
      },
      async stop() {
        publish.unregister();
        stopServingType();
        await transport.close();
      },
    };
  },
});
