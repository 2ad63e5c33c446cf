import { defineWorker } from 'iii-worker';
import { StreamConfig } from './config.js';
import { StreamService } from './service.js';
import { VERSION } from './version.js';

/**
 * Keeps streams and pushes what happens in them: the functions `stream::*`, the trigger types `stream`, `stream:join`
 * and `stream:leave`, and a port for WebSockets (spec/workers-state-stream-pubsub-cron.md §2).
 *
 * @example await iii.trigger({ function_id: 'stream::set', payload: { stream_name: 'chat', group_id: 'room-1', item_id: 'm1', data: { text: 'hi' } } });
 */
export const streamWorker = defineWorker({
  name: 'iii-stream',
  aliases: ['stream'],
  version: VERSION,
  description: 'Keeps streams of items by group, and pushes what happens in them over WebSocket.',
  config: StreamConfig,
  async start(context) {
    const service = await StreamService.start(context);
    return {
      get endpoints() {
        return service.endpoints;
      },
      reconfigure: (config) => service.reconfigure(config),
      stop: () => service.stop(),
    };
  },
});
