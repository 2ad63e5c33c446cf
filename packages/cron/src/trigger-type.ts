import type { Clock, Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { watchForgottenTriggers } from 'iii-worker';
import type { CronConfig } from './config.js';
import type { Binding } from './schedule/binding.js';
import { readTrigger } from './schedule/read-trigger.js';
import type { Scheduler } from './schedule/scheduler.js';
import { Timetables } from './time/timetables.js';
import { CRON_CALL_REQUEST, CRON_TRIGGER_CONFIG } from './trigger-schemas.js';

const TRIGGER_TYPE = 'cron';

export interface ServedSchedules {
  readonly scheduler: Scheduler;
  readonly config: CronConfig;
  readonly clock: Clock;
  readonly logger: Log;
}

/**
 * Serves the trigger type `cron` (workers-state-stream-pubsub-cron.md §4.1).
 *
 * @returns stops serving it.
 */
export function serveTriggerType(iii: IIIClient, served: ServedSchedules): () => void {
  const { scheduler, config, clock, logger } = served;
  const timetables = new Timetables();
  const type = iii.registerTriggerType<unknown>(
    {
      id: TRIGGER_TYPE,
      description: 'Times by the clock',
      trigger_request_format: CRON_TRIGGER_CONFIG,
      call_request_format: CRON_CALL_REQUEST,
    },
    {
      registerTrigger: async (trigger) => {
        // Whatever had the id is replaced, also by a trigger that is refused.
        scheduler.remove(trigger.id);
        const binding = readTrigger(trigger, {
          numbering: config.dow_numbering,
          timeoutMs: config.default_timeout,
          timetables,
          now: clock.now(),
        });
        warnOfNumbers(binding, logger);
        // What is there at once, as with locks of this process, is not waited for.
        const pending = scheduler.put(binding);
        if (pending !== undefined) await pending;
      },
      unregisterTrigger: async ({ id }) => scheduler.remove(id),
    },
  );
  const stopWatching = watchForgottenTriggers(iii, TRIGGER_TYPE, {
    ids: () => scheduler.bindingIds,
    forget: (id) => scheduler.remove(id),
    logger,
  });
  return () => {
    stopWatching();
    type.unregister();
  };
}

/** The dialect and crontab differ by a day, and who wrote it may have meant either (§4.9 item 1). */
function warnOfNumbers({ id, functionId, expression, numbering }: Binding, logger: Log): void {
  if (numbering === undefined) return;
  const days = numbering === 'quartz' ? '1 is Sunday, 7 is Saturday' : '0 and 7 are Sunday, 1 is Monday';
  logger.warn(
    { job_id: id, function_id: functionId, expression },
    `day-of-week has numbers, and ${days}. Names such as MON mean the same everywhere`,
  );
}
