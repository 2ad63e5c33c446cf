import type { Clock, Log } from 'iii-protocol';
import type { Static, TObject } from 'iii-protocol/schema';
import type { IIIClient } from 'iii-sdk';
import type { WorkerStores } from './worker-stores.js';

/** What a worker is given when it starts. */
export interface WorkerContext<Config> {
  /** Its connection to the engine; the worker does not shut it down. */
  readonly iii: IIIClient;
  readonly config: Config;
  /** The name it was declared with: its own, an alias, or either with `#n` behind. */
  readonly name: string;
  readonly storage: WorkerStores;
  readonly logger: Log;
  readonly clock: Clock;
  /** Aborted when the worker must stop at once, its time for doing so being up. */
  readonly signal: AbortSignal;
}

/** A port a worker has opened, for people to know. */
export interface Endpoint {
  /** What it serves, for instance `http`. */
  readonly purpose: string;
  /** `host:port` as bound. */
  readonly address: string;
  /** Implementation behind it. */
  readonly driver: string;
}

/** A worker that runs. */
export interface RunningWorker<Config> {
  readonly endpoints?: readonly Endpoint[];
  /** Takes a new configuration without losing what it serves. Absent: the worker is stopped and started anew. */
  reconfigure?(config: Config): Promise<void>;
  /** Stops taking work, finishes what it has, and releases everything it opened. */
  stop(): Promise<void>;
}

/** A worker of this project: what it is called, how it is configured, how it starts. */
export interface WorkerDefinition<Schema extends TObject = TObject> {
  /** For instance `iii-http`. */
  readonly name: string;
  /** Other names a configuration may use, for instance `http`. */
  readonly aliases: readonly string[];
  readonly version: string;
  readonly description: string;
  /** Schema of its configuration, with defaults and descriptions. Unknown members are errors. */
  readonly config: Schema;
  start(context: WorkerContext<Static<Schema>>): Promise<RunningWorker<Static<Schema>>>;
}

/**
 * Defines a worker.
 *
 * @example
 * export const echoWorker = defineWorker({
 *   name: 'iii-echo', aliases: ['echo'], version, description: 'Says what it is told.',
 *   config: Type.Object({ prefix: Type.String({ default: '' }) }, { additionalProperties: false }),
 *   async start({ iii, config }) {
 *     const echo = iii.registerFunction('echo::say', (text: string) => config.prefix + text);
 *     return { stop: async () => echo.unregister() };
 *   },
 * });
 */
export function defineWorker<Schema extends TObject>(
  definition: WorkerDefinition<Schema>,
): WorkerDefinition<Schema> {
  return definition;
}
