import { LIMITS } from 'iii-protocol';

// Types only: programs get the classes from `iii-sdk/channel`.
export type { Channel, ChannelReader, ChannelWriter, StreamChannelRef } from './channel.js';
export type { InitOptions } from './client/options.js';
export { registerWorker } from './client/register-worker.js';
export type { FunctionHandler, HandlerContext } from './engine.js';
export {
  type CancellationCode,
  CancellationError,
  HandlerError,
  InvocationError,
  type InvocationErrorInit,
  RegistrationRejectedError,
} from './errors.js';
export type { IIIConnectionState } from './runtime.js';
export { TriggerAction } from './trigger-action.js';
export type { IIIClient, ShutdownOptions } from './types/client.js';
export type { StreamRequest, StreamResponse } from './types/http-stream.js';
export type { JsonValue } from './types/json.js';
export type { TelemetryOptions } from './types/telemetry.js';

/** Where clients look for an engine when nobody says otherwise. */
export const DEFAULT_ENGINE_URL: string = LIMITS.defaultUrl;

/** What the engine answers to a call that was put into a queue. */
export interface EnqueueResult {
  messageReceiptId: string;
}

/** What the middleware function of a listener is called with. */
export interface MiddlewareFunctionInput {
  function_id: string;
  payload: Record<string, unknown>;
  action?: { type: 'void' } | { type: 'enqueue'; queue: string };
  context: Record<string, unknown>;
  namespace?: string;
}
