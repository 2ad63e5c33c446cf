import type { FrameOf, FrameType } from './frames.js';

/**
 * What a member holds on the wire.
 *
 * `string`, `uuid`: required. `json`: any value, absent counts as `null` (protocol.md §19.1). `text`: a string
 * that counts as empty when absent. `strings`: a list of strings. `ms`: a number that is not negative. `error`: an
 * error body, repaired when malformed (§19.3). With `?`: optional, `null` counts as absent.
 */
export type MemberKind =
  | 'string'
  | 'string?'
  | 'text'
  | 'uuid'
  | 'uuid?'
  | 'json'
  | 'json?'
  | 'error'
  | 'error?'
  | 'strings'
  | 'strings?'
  | 'ms?'
  | 'action?';

type Shape<T extends FrameType> = Readonly<Record<Exclude<keyof FrameOf<T>, 'type'>, MemberKind>>;

/**
 * Every frame with its members, in the order they are written (protocol.md §3). The one source of both the
 * decoder and the encoder.
 */
export const FRAME_SHAPES: { readonly [T in FrameType]: Shape<T> } = {
  registerfunction: {
    id: 'string',
    description: 'string?',
    request_format: 'json?',
    response_format: 'json?',
    metadata: 'json?',
    invocation: 'json?',
  },
  unregisterfunction: { id: 'string' },
  registerservice: { id: 'string' },
  registertriggertype: {
    id: 'string',
    description: 'text',
    trigger_request_format: 'json?',
    call_request_format: 'json?',
    namespace: 'string?',
  },
  unregistertriggertype: { id: 'string', namespace: 'string?' },
  registertrigger: {
    id: 'string',
    trigger_type: 'string',
    function_id: 'string',
    config: 'json',
    metadata: 'json?',
    namespace: 'string?',
    trigger_namespace: 'string?',
  },
  unregistertrigger: { id: 'string', trigger_type: 'string?' },
  triggerregistrationresult: {
    id: 'string',
    trigger_type: 'string',
    function_id: 'string',
    error: 'error?',
  },
  invokefunction: {
    invocation_id: 'uuid?',
    function_id: 'string',
    data: 'json',
    traceparent: 'string?',
    baggage: 'string?',
    action: 'action?',
    metadata: 'json?',
    namespace: 'string?',
    deadline_ms: 'ms?',
  },
  cancelinvocation: { invocation_id: 'uuid', reason: 'string?' },
  useextensions: { extensions: 'strings' },
  invocationresult: {
    invocation_id: 'uuid',
    function_id: 'string',
    result: 'json?',
    error: 'error?',
    traceparent: 'string?',
    baggage: 'string?',
  },
  ping: {},
  pong: {},
  reattach: { previous_worker_id: 'string', reattach_token: 'string?' },
  workerregistered: { worker_id: 'string', reattach_token: 'string?', extensions: 'strings?' },
  registrationrejected: {
    code: 'string',
    namespace: 'string',
    worker_name: 'string?',
    function_id: 'string?',
    owner_worker_id: 'string',
  },
  error: { error: 'error' },
};

type MemberList = ReadonlyArray<readonly [name: string, kind: MemberKind]>;

const MEMBERS = new Map<string, MemberList>(
  Object.entries(FRAME_SHAPES).map(([type, shape]) => [type, Object.entries(shape)]),
);

/** The members of a frame as a list, for code that walks over them. */
export function membersOf(type: FrameType): MemberList {
  return MEMBERS.get(type) ?? [];
}

export function isFrameType(text: string): text is FrameType {
  return Object.hasOwn(FRAME_SHAPES, text);
}
