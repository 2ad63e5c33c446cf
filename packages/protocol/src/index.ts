export { readAction } from './action.js';
export { BATCH, isBatch, joinFrames, joinTexts, readBatch } from './batch.js';
export type { ChannelOffer, ChannelPort, ChannelPortEvents, ChannelRef } from './channel-port.js';
export { CodecError, type CodecProblem, type Salvage } from './codec-error.js';
export { Deadlines, type Expiring } from './deadlines.js';
export { FrameDecoder } from './decoder.js';
export { encodeFrame, encodeInPieces } from './encoder.js';
export { type Clock, type Log, silentLog, systemClock, type Timer } from './environment.js';
export { ERROR_CODES, type ErrorCode, type ErrorEntry, errorEntry } from './errors.js';
export type { FramePort, FramePortEvents } from './frame-port.js';
export { FRAME_SHAPES, isFrameType, type MemberKind, membersOf } from './frame-shapes.js';
export type * from './frames.js';
export {
  canonicalUuid,
  isCanonicalUuid,
  isUuid,
  MOST_AT_END,
  numberedUuid,
  numbersInUuid,
  randomUuid,
  timedUuid,
} from './ids.js';
export { JsonSyntaxError, MAX_DEPTH } from './json-scanner.js';
export { LIMITS } from './limits.js';
export { LongFrame } from './long-frame.js';
export { faultOfPart, PART_BYTES, type Part, readPart } from './parts.js';
export {
  MemberStamp,
  type MixedJson,
  type RawParts,
  rawElements,
  rawFromMixed,
  rawFromParts,
  rawMembers,
  rawParts,
  rawPartsList,
  rawStandingFor,
  removeRawMember,
} from './raw-edit.js';
export {
  assumeRawJson,
  isRawArray,
  isRawNull,
  isRawObject,
  joinRaw,
  ownRaw,
  parseRaw,
  quoted,
  RAW_EMPTY_OBJECT,
  RAW_NULL,
  type RawJson,
  rawFromText,
  rawFromUtf8,
  rawFromValue,
  textOfRaw,
} from './raw-json.js';
export { SlotMap } from './slot-map.js';
export { SlotTable } from './slot-table.js';
export * from './well-known.js';
export type { Writable } from './writable.js';
