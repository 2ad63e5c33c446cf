import { parseRaw, rawFromValue } from 'iii-protocol';
import { type EngineConnection, withEngine } from '../engine/connection.js';
import { type ConnectionOptions, DEFAULT_TIMEOUT_MS } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import { CliError, RemoteError } from '../errors.js';
import type { CliIo } from '../io.js';
import { fieldsOf, rowsOf } from '../status/fields.js';
import { escapedJson, singleLine } from '../text/remote-text.js';

/** Listings know the connections of these commands by it. */
export const WORKER_NAME = 'iii-cli:queue';

export interface QueueOptions extends ConnectionOptions {
  readonly json?: true;
}

/**
 * Calls one function of the queue worker.
 *
 * @param name queue or topic it is about, which has to be there.
 * @throws CliError
 */
export function askQueue(
  functionId: string,
  payload: object,
  options: QueueOptions,
  io: CliIo,
  name?: string,
): Promise<unknown> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return withEngine(engineTarget(options, io.env), WORKER_NAME, async (engine) => {
    if (name !== undefined && !isKnown(name, await ask(engine, 'iii::queue::stats', {}, timeoutMs))) {
      throw new CliError('unknown_queue', `there is no queue or topic ${singleLine(name)}`);
    }
    return ask(engine, functionId, payload, timeoutMs);
  });
}

async function ask(
  engine: EngineConnection,
  functionId: string,
  payload: object,
  timeoutMs: number,
): Promise<unknown> {
  try {
    const result = await engine.call({ functionId, payload: rawFromValue(payload), timeoutMs });
    return result === undefined ? null : parseRaw(result);
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error;
    if (error.code === 'function_not_found') {
      throw new CliError('worker_missing', `the engine runs no queue worker: nobody offers ${functionId}`);
    }
    throw new CliError('queue_refused', singleLine(`${error.code}: ${error.message}`));
  }
}

/** Whether the answer of `iii::queue::stats` tells of a queue or topic of that name. */
function isKnown(name: string, answer: unknown): boolean {
  return rowsOf(fieldsOf(answer).queues).some(({ kind, name: queue, topic }) =>
    kind === 'named'
      ? name === queue || name === `queue:${queue}`
      : name === topic || name === `topic:${topic}`,
  );
}

export function printJson(value: unknown, io: CliIo): void {
  const pretty = JSON.stringify(value, null, 2);
  io.stdout(`${io.isTerminal.stdout ? escapedJson(pretty) : pretty}\n`);
}

export function printLines(lines: readonly string[], io: CliIo): void {
  io.stdout(`${lines.join('\n')}\n`);
}
