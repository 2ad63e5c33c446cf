export { HttpConfig } from './config.js';
export { type HttpErrorCode, httpErrors } from './errors.js';
export { httpWorker } from './worker.js';
