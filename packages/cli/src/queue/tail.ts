import { withEngine } from '../engine/connection.js';
import { engineTarget } from '../engine/target.js';
import type { CliIo } from '../io.js';
import { singleLine } from '../text/remote-text.js';
import { type QueueOptions, WORKER_NAME } from './queue-client.js';
import { eventLine } from './views.js';

const EVENT_TYPE = 'queue:event';

/** Prints what happens to jobs until it is told to stop. @throws CliError when the connection is lost. */
export async function tailQueue(
  queue: string | undefined,
  options: QueueOptions & { readonly events?: string },
  io: CliIo,
): Promise<void> {
  const events = options.events?.split(',').map((name) => name.trim());
  const config = { ...(queue === undefined ? {} : { queue }), ...(events === undefined ? {} : { events }) };
  await withEngine(engineTarget(options, io.env), WORKER_NAME, async (engine) => {
    let leave = () => {};
    const ended = new Promise<void>((resolve) => {
      leave = io.screen.attend({ keys: () => {}, resized: () => {}, ended: resolve }, false);
    });
    try {
      const lost = engine.listen(EVENT_TYPE, config, (event) => {
        io.stdout(`${options.json ? JSON.stringify(event) : eventLine(event)}\n`);
      });
      io.stderr(`following ${queue === undefined ? 'all queues' : singleLine(queue)}; Ctrl-C ends\n`);
      await Promise.race([ended, lost]);
    } finally {
      leave();
    }
  });
}
