export { ConfigError, type ConfigProblem, formatPath, readConfig } from './config.js';
export {
  defineWorker,
  type Endpoint,
  type RunningWorker,
  type WorkerContext,
  type WorkerDefinition,
} from './definition.js';
export { type ServedTriggers, watchForgottenTriggers } from './forgotten-triggers.js';
export { createLog, LOG_LEVELS, type LogLevel, type LogOptions } from './log.js';
export { type ProcessLifeOptions, runUntilSignal, type Stoppable } from './process-life.js';
export { NoConfig, runStandalone } from './standalone.js';
export { suggest } from './suggest.js';
export { memoryStores, type WorkerStore, type WorkerStores } from './worker-stores.js';
