export { StreamConfig } from './config.js';
export { closes, refusals, type StreamErrorCode, streamErrors } from './errors.js';
export { streamWorker } from './worker.js';
