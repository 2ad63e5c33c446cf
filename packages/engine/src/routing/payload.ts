import type { MemberStamp, RawJson } from 'iii-protocol';

/** What a function is called with, and what has to be put into it on the way. */
export interface Payload {
  readonly data: RawJson;
  /** For an object that does not have the member. Where the payload is sent as text it costs no copy. */
  readonly stamp?: MemberStamp | undefined;
}

/** The payload as the function gets it. */
export function payloadOf({ data, stamp }: Payload): RawJson {
  return stamp === undefined ? data : stamp.append(data);
}
