export { type CloseOptions, Engine, type EngineStatus } from './engine.js';
export { EngineError } from './errors.js';
export type { EngineLimits, EngineOptions } from './options.js';
export type { InProcessIdentity } from './sessions/session.js';
export type { WorkerListener, WorkerListenerOptions } from './worker-listener.js';
