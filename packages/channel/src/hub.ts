export {
  type AttachDecision,
  type AttachRequest,
  ChannelHub,
  type ChannelInfo,
  type HubOptions,
} from './hub/channel-hub.js';
export type { Endpoint, EndpointEvents } from './hub/endpoint.js';
export { HUB_ERRORS, HubError, type HubErrorCode } from './hub/errors.js';
export type { Direction } from './hub/keys.js';
export type { SpoolFile, SpoolFiles } from './hub/spool-files.js';
export { CREDIT_PROTOCOL } from './wire.js';
