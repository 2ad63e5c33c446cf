import { parseRaw, rawFromValue } from 'iii-protocol';
import { type EngineConnection, withEngine } from '../engine/connection.js';
import { type ConnectionOptions, DEFAULT_TIMEOUT_MS } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import type { CliIo } from '../io.js';
import { escapedJson } from '../text/remote-text.js';

/** Listings know the connections of these commands by it. */
export const WORKER_NAME = 'iii-cli:queue';

export interface QueueOptions extends ConnectionOptions {
  readonly json?: true;
}

/** Calls one function of the queue worker. @throws CliError, RemoteError */
export function askQueue(
  functionId: string,
  payload: object,
  options: QueueOptions,
  io: CliIo,
): Promise<unknown> {
  return withEngine(engineTarget(options, io.env), WORKER_NAME, (engine) =>
    ask(engine, functionId, payload, options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
  );
}

async function ask(
  engine: EngineConnection,
  functionId: string,
  payload: object,
  timeoutMs: number,
): Promise<unknown> {
  const result = await engine.call({ functionId, payload: rawFromValue(payload), timeoutMs });
  return result === undefined ? null : parseRaw(result);
}

export function printJson(value: unknown, io: CliIo): void {
  const pretty = JSON.stringify(value, null, 2);
  io.stdout(`${io.isTerminal.stdout ? escapedJson(pretty) : pretty}\n`);
}

export function printLines(lines: readonly string[], io: CliIo): void {
  io.stdout(`${lines.join('\n')}\n`);
}
