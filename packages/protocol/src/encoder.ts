import { membersOf } from './frame-shapes.js';
import type { Frame, InvocationResultFrame, InvokeFunctionFrame } from './frames.js';
import type { MemberStamp } from './raw-edit.js';
import { quoted, type RawJson } from './raw-json.js';
import { allocate, encodeUtf8, joinUtf8, roomForUtf8, writeUtf8 } from './utf8.js';

/**
 * The wire form of a frame: UTF-8 JSON, `type` first, members in the order of protocol.md §3, absent ones omitted.
 * Free-form members are copied in as they are.
 *
 * @param stamp put into the payload of a call on the way, which has to be an object that does not have the member.
 */
export function encodeFrame(frame: Frame, stamp?: MemberStamp): Uint8Array {
  if (frame.type === 'invokefunction' && isPlainCall(frame)) return encodePlainCall(frame, stamp);
  if (frame.type === 'invocationresult' && isPlainResult(frame)) return encodePlainResult(frame);
  return joinUtf8(piecesOf(frame, stamp));
}

/** What {@link encodeFrame} makes, without copying what is free in form: its pieces, one after the other. */
export function encodeInPieces(frame: Frame, stamp?: MemberStamp): Uint8Array[] {
  return piecesOf(frame, stamp).map((piece) => (typeof piece === 'string' ? encodeUtf8(piece) : piece));
}

type Pieces = Array<string | Uint8Array>;

function piecesOf(frame: Frame, stamp: MemberStamp | undefined): Pieces {
  if (frame.type === 'invokefunction' && frame.action === undefined) return piecesOfCall(frame, stamp);
  const pieces: Pieces = [];
  let text = `{"type":"${frame.type}"`;
  const values: object = frame;
  for (const [name] of membersOf(frame.type)) {
    const value = (values as Readonly<Record<string, unknown>>)[name];
    if (value === undefined) continue;
    if (value instanceof Uint8Array) {
      text += `,"${name}":`;
      if (name === 'data') addData(pieces, text, value as RawJson, stamp);
      else pieces.push(text, value);
      text = '';
    } else {
      text += `,"${name}":${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`;
    }
  }
  pieces.push(`${text}}`);
  return pieces;
}

/** Member by member: every job is called like this. */
function piecesOfCall(frame: InvokeFunctionFrame, stamp: MemberStamp | undefined): Pieces {
  const { invocation_id: id, traceparent, baggage, metadata, namespace, deadline_ms: deadlineMs } = frame;
  const pieces: Pieces = [];
  const invocation = id === undefined ? '' : `,"invocation_id":${quoted(id)}`;
  const head = `{"type":"invokefunction"${invocation},"function_id":${quoted(frame.function_id)},"data":`;
  addData(pieces, head, frame.data, stamp);
  let text = '';
  if (traceparent !== undefined) text += `,"traceparent":${quoted(traceparent)}`;
  if (baggage !== undefined) text += `,"baggage":${quoted(baggage)}`;
  if (metadata !== undefined) {
    pieces.push(`${text},"metadata":`, metadata);
    text = '';
  }
  if (namespace !== undefined) text += `,"namespace":${quoted(namespace)}`;
  if (deadlineMs !== undefined) text += `,"deadline_ms":${JSON.stringify(deadlineMs)}`;
  pieces.push(`${text}}`);
  return pieces;
}

function addData(pieces: Pieces, before: string, data: RawJson, stamp: MemberStamp | undefined): void {
  if (stamp === undefined) pieces.push(before, data);
  else pieces.push(before, data.subarray(0, -1), stamp.tailOf(data));
}

/** Nearly all frames are calls with nothing beside id, function and payload, and their results. */
type PlainCall = InvokeFunctionFrame & { readonly invocation_id: string };
type PlainResult = InvocationResultFrame & { readonly result: RawJson };

function isPlainCall(frame: InvokeFunctionFrame): frame is PlainCall {
  return (
    frame.invocation_id !== undefined &&
    frame.traceparent === undefined &&
    frame.baggage === undefined &&
    frame.metadata === undefined &&
    frame.action === undefined &&
    frame.namespace === undefined
  );
}

function isPlainResult(frame: InvocationResultFrame): frame is PlainResult {
  return (
    frame.result !== undefined &&
    frame.error === undefined &&
    frame.traceparent === undefined &&
    frame.baggage === undefined
  );
}

function encodePlainCall(frame: PlainCall, stamp: MemberStamp | undefined): Uint8Array {
  const { invocation_id: id, function_id: functionId, data, deadline_ms: deadlineMs } = frame;
  const head = `{"type":"invokefunction","invocation_id":${quoted(id)},"function_id":${quoted(functionId)},"data":`;
  const end = deadlineMs === undefined ? '}' : `,"deadline_ms":${JSON.stringify(deadlineMs)}}`;
  if (stamp === undefined) return wrap(head, data, data.length, NOTHING, end);
  return wrap(head, data, data.length - 1, stamp.tailOf(data), end);
}

function encodePlainResult({ invocation_id: id, function_id: functionId, result }: PlainResult): Uint8Array {
  const head = `{"type":"invocationresult","invocation_id":${quoted(id)},"function_id":${quoted(functionId)},"result":`;
  return wrap(head, result, result.length, NOTHING, '}');
}

const NOTHING = new Uint8Array(0);

/** @param length bytes of the value that are wanted. @param end nothing but ASCII. */
function wrap(head: string, value: Uint8Array, length: number, tail: Uint8Array, end: string): Uint8Array {
  const target = allocate(roomForUtf8(head) + value.length + tail.length + end.length);
  let at = writeUtf8(target, head, 0);
  // Where it is not taken whole, what comes next is written over the rest.
  target.set(value, at);
  at += length;
  target.set(tail, at);
  at += tail.length;
  for (let i = 0; i < end.length; i++) target[at++] = end.charCodeAt(i);
  return at === target.length ? target : target.subarray(0, at);
}
