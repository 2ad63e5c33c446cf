export { readAction } from './action.js';
export type { ChannelPort, ChannelPortEvents, ChannelRef } from './channel-port.js';
export { CodecError, type CodecProblem, type Salvage } from './codec-error.js';
export { Deadlines, type Expiring } from './deadlines.js';
export { FrameDecoder } from './decoder.js';
export { encodeFrame } from './encoder.js';
export {
  ENGINE_FUNCTIONS,
  type EngineFunctionId,
  type EngineFunctionInput,
  type EngineFunctionOutput,
} from './engine-functions.js';
export { type Clock, type Log, silentLog, systemClock, type Timer } from './environment.js';
export { ERROR_CODES, type ErrorCode, type ErrorEntry, errorEntry } from './errors.js';
export type { FramePort, FramePortEvents } from './frame-port.js';
export { FRAME_SHAPES, isFrameType, type MemberKind } from './frame-shapes.js';
export type * from './frames.js';
export { canonicalUuid, isUuid } from './ids.js';
export { JsonSyntaxError, MAX_DEPTH } from './json-scanner.js';
export { LIMITS } from './limits.js';
export { type MixedJson, rawFromMixed, rawMemberSetter, rawMembers, removeRawMember } from './raw-edit.js';
export { rawElements } from './raw-elements.js';
export {
  isRawNull,
  isRawObject,
  ownRaw,
  parseRaw,
  RAW_EMPTY_OBJECT,
  RAW_NULL,
  type RawJson,
  rawFromText,
  rawFromValue,
  textOfRaw,
} from './raw-json.js';
export * from './well-known.js';
