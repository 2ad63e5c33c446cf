export { ConfigError, type ConfigProblem, formatPath, readConfig } from './config.js';
export { type DataStoresOptions, dataStores, ownerOf } from './data-stores.js';
export {
  defineWorker,
  type Endpoint,
  type RunningWorker,
  type WorkerContext,
  type WorkerDefinition,
} from './definition.js';
export { failureText } from './failure-text.js';
export { createLog, LOG_LEVELS, type LogLevel, type LogOptions } from './log.js';
export { memoryStores } from './memory-stores.js';
export { type ProcessLifeOptions, runUntilSignal, type Stoppable } from './process-life.js';
export { NoConfig, runStandalone } from './standalone.js';
export { suggest } from './suggest.js';
export type { WorkerStore, WorkerStores } from './worker-stores.js';
