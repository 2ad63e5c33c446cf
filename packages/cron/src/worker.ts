import { rawCalls } from 'iii-sdk/link';
import { defineWorker } from 'iii-worker';
import { CronConfig } from './config.js';
import { offerFunctions } from './functions/offer.js';
import { openLocks } from './locks/open-locks.js';
import { Scheduler } from './schedule/scheduler.js';
import { serveTriggerType } from './trigger-type.js';
import { VERSION } from './version.js';

/**
 * Calls functions at times: serves the trigger type `cron` (workers-state-stream-pubsub-cron.md §4).
 *
 * @example
 * iii.registerTrigger({
 *   type: 'cron', function_id: 'report::send', config: { expression: '0 0 9 * * MON-FRI', timezone: 'Europe/Berlin' },
 * });
 */
export const cronWorker = defineWorker({
  name: 'iii-cron',
  aliases: ['cron'],
  version: VERSION,
  description: 'Calls functions at times.',
  config: CronConfig,
  async start({ iii, config, storage, logger, clock, signal }) {
    const locks = await openLocks(config, { storage, clock, logger });
    const scheduler = new Scheduler({
      calls: rawCalls(iii),
      locks,
      clock,
      logger,
      random: Math.random,
      lateMs: config.late_tolerance,
    });
    const withdraw = offerFunctions(iii, scheduler, clock);
    const stopServingType = serveTriggerType(iii, { scheduler, config, clock, logger });
    return {
      async stop() {
        withdraw();
        stopServingType();
        await scheduler.stop(signal);
        await locks.close();
      },
    };
  },
});
