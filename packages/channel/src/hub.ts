export type { Endpoint, EndpointEvents } from './hub/endpoint.js';
export { CREDIT_PROTOCOL } from './wire.js';
