export { StateConfig } from './config.js';
export { type StateErrorCode, stateErrors } from './errors.js';
export { stateWorker } from './worker.js';
