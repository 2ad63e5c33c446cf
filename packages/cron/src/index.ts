export { CronConfig } from './config.js';
export { type CronErrorCode, cronErrors } from './errors.js';
export { cronWorker } from './worker.js';
