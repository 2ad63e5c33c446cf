import type { Log } from 'iii-protocol';
import { type RawCalls, rawCalls } from 'iii-sdk/link';
import type { FunctionRef } from 'iii-sdk/runtime';
import { defineWorker } from 'iii-worker';
import { Changes } from './changes.js';
import { StateConfig } from './config.js';
import { failureOf } from './errors.js';
import { BindingTable } from './events/binding-table.js';
import { FanOut } from './events/fan-out.js';
import { serveTriggerType } from './events/trigger-type.js';
import { Expiry } from './expiry.js';
import type { StateFunction, StateRoom } from './functions/state-function.js';
import { STATE_FUNCTIONS } from './functions/table.js';
import { locationOf, openKvAdapter } from './kv/open.js';
import { RunningCalls } from './running-calls.js';
import { VERSION } from './version.js';

/**
 * Keeps JSON values by scope and key for every worker, and tells those who watch them
 * (workers-state-stream-pubsub-cron.md §1; all sections named in this package are of that file).
 *
 * @example await iii.trigger({ function_id: 'state::set', payload: { scope: 'users', key: 'u1', value: { name: 'Ada' } } });
 */
export const stateWorker = defineWorker({
  name: 'iii-state',
  aliases: ['state'],
  version: VERSION,
  description: 'Keeps values by scope and key, and calls functions when they change.',
  config: StateConfig,
  async start({ iii, config, storage, logger, clock, signal }) {
    let current = config;
    const adapter = await openKvAdapter(config, storage, logger);
    const calls = rawCalls(iii);
    const bindings = new BindingTable();
    const fanOut = new FanOut({
      calls,
      bindings,
      clock,
      log: logger,
      settings: () => ({
        timeoutMs: current.trigger_timeout_ms,
        concurrency: current.trigger_concurrency,
        maxWaitingBytes: current.trigger_queue_bytes,
      }),
    });
    const changes = new Changes({
      adapter,
      now: () => clock.now(),
      happened: (happened) => {
        if (current.triggers_enabled) fanOut.publish(happened);
      },
      expires: (at) => expiry.expect(at),
    });
    const expiry = new Expiry({ adapter, changes, clock, log: logger });
    const room: StateRoom = {
      adapter,
      changes,
      now: () => clock.now(),
      maxValueBytes: () => current.max_value_bytes,
    };
    const running = new RunningCalls();
    const stopServingType = serveTriggerType(iii, bindings, logger);
    const functions = STATE_FUNCTIONS.map((one) => offer(one, room, calls, running));
    await expiry.sweep();
    logger.info({}, `state is kept by ${adapter.description}`);
    return {
      async reconfigure(changed) {
        warnOfRestart(current, changed, logger);
        current = changed;
      },
      async stop() {
        for (const ref of functions) ref.unregister();
        await running.finished();
        await expiry.stop();
        await fanOut.finish(signal);
        stopServingType();
        await adapter.close();
      },
    };
  },
});

function offer(
  { id, description, request, response, failure, run }: StateFunction,
  room: StateRoom,
  calls: RawCalls,
  running: RunningCalls,
): FunctionRef {
  const options = {
    description,
    request_format: { ...request },
    ...(response === undefined ? {} : { response_format: { ...response } }),
  };
  const handler = async (payload: Parameters<StateFunction['run']>[1]) => {
    try {
      return await run(room, payload);
    } catch (error) {
      throw failureOf(failure, error);
    }
  };
  return calls.registerFunction(id, (payload) => running.count(handler(payload)), options);
}

/** What was opened stays open: another place would be an empty one (§1.7). */
function warnOfRestart(before: StateConfig, after: StateConfig, log: Log): void {
  const store = (config: StateConfig) =>
    JSON.stringify([locationOf(config), config.durability, config.max_bytes]);
  if (store(before) === store(after)) return;
  log.warn({}, 'adapter, durability and max_bytes of state take effect when the engine starts the next time');
}
