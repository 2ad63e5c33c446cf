import type { Store } from 'iii-storage';
import { defineWorker, type WorkerStores } from 'iii-worker';
import { QueueConfig } from './config.js';
import { Courier } from './dispatch/courier.js';
import { watchEngine } from './engine-watch.js';
import { QueueError } from './errors.js';
import { EventTriggers } from './event-triggers.js';
import { addControlFunctions } from './functions/control.js';
import { addDeadLetterFunctions } from './functions/dead-letters.js';
import { addEnqueueFunctions } from './functions/enqueue.js';
import { addPublishFunction } from './functions/publish.js';
import { Functions } from './functions/register.js';
import { addStatsFunctions } from './functions/stats.js';
import { QueueService } from './service.js';
import { JobStore } from './store/job-store.js';
import { serveSubscribers } from './topics/trigger-type.js';
import { VERSION } from './version.js';

/**
 * Durable queues and topics: serves calls with the action enqueue, `iii::durable::publish` and the trigger type
 * `durable:subscriber` (spec/worker-queue.md).
 *
 * @example await worker.trigger({ function_id: 'email::send', payload, action: TriggerAction.Enqueue({ queue: 'default' }) });
 */
export const queueWorker = defineWorker({
  name: 'iii-queue',
  aliases: ['queue'],
  version: VERSION,
  description: 'Named queues and durable topics, with retries, order by group, and dead letters.',
  config: QueueConfig,
  async start({ iii, config, storage, logger, clock, signal }) {
    const store = await openStore(config, storage);
    const jobs = new JobStore(store, () => clock.now());
    const events = new EventTriggers(iii, () => clock.now(), logger);
    const context = {
      jobs,
      courier: new Courier(iii),
      clock,
      random: Math.random,
      logger,
      emit: (event: Parameters<EventTriggers['emit']>[0]) => events.emit(event),
    };
    const service = new QueueService(context, config);
    const functions = new Functions(iii);
    let current = config;
    try {
      await service.start();
    } catch (error) {
      await jobs.close();
      throw error;
    }
    addEnqueueFunctions(functions, service);
    addPublishFunction(functions, service);
    addDeadLetterFunctions(functions, service);
    addStatsFunctions(functions, service);
    addControlFunctions(functions, service);
    const stopEvents = events.serve();
    const stopSubscribers = serveSubscribers(iii, service, logger);
    const stopWatching = watchEngine(iii, service);
    return {
      async reconfigure(changed) {
        if (placeOf(changed) !== placeOf(current)) {
          throw new QueueError(
            'adapter_changed',
            `jobs are kept in ${placeOf(current)}, not ${placeOf(changed)}`,
          );
        }
        await service.configure(changed);
        current = changed;
      },
      async stop() {
        // First nothing more comes in, then what is at work ends.
        functions.unregister();
        stopSubscribers();
        await service.stop(signal);
        stopWatching();
        stopEvents();
        await jobs.close();
      },
    };
  },
});

function openStore(config: QueueConfig, storage: WorkerStores): Promise<Store> {
  const { adapter, durability, max_bytes: maxBytes } = config;
  const directory = adapter?.config?.file_path;
  return storage.open({
    name: 'jobs',
    location: isInMemory(config) ? 'memory' : directory === undefined ? 'data' : { directory },
    durability,
    ...(maxBytes === undefined ? {} : { maxBytes }),
  });
}

function isInMemory({ adapter }: QueueConfig): boolean {
  return adapter?.name === 'in_memory' || adapter?.config?.store_method === 'in_memory';
}

/** Where jobs are kept, for comparison and for people. */
function placeOf(config: QueueConfig): string {
  const where = isInMemory(config) ? 'memory' : (config.adapter?.config?.file_path ?? 'the data directory');
  return `${where} (${config.durability}, ${config.max_bytes ?? 'unlimited'} bytes)`;
}
