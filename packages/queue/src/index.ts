export { QueueConfig } from './config.js';
export { type QueueErrorCode, queueErrors } from './errors.js';
export type { QueueEvent, QueueEventName } from './events.js';
export type { JobOptions } from './job-options.js';
export { queueWorker } from './worker.js';
