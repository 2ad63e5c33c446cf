export { PubsubConfig } from './config.js';
export { type PubsubErrorCode, pubsubErrors } from './errors.js';
export { pubsubWorker } from './worker.js';
