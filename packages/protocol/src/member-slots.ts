import { isThere } from './bytes.js';
import { FRAME_SHAPES, isFrameType, type MemberKind, membersOf } from './frame-shapes.js';
import type { FrameType } from './frames.js';
import type { JsonScanner } from './json-scanner.js';
import { decodeUtf8, encodeUtf8 } from './utf8.js';

/** Every member name any frame knows; a name's place here is its slot. */
export const NAMES = ['type', ...new Set(Object.values(FRAME_SHAPES).flatMap((shape) => Object.keys(shape)))];
export const SLOT = new Map(NAMES.map((name, slot) => [name, slot]));
export const TYPE_SLOT = 0;
export const ID_SLOT = SLOT.get('invocation_id') ?? TYPE_SLOT;
export const FUNCTION_SLOT = SLOT.get('function_id') ?? TYPE_SLOT;
export const DATA_SLOT = SLOT.get('data') ?? TYPE_SLOT;
export const ACTION_SLOT = SLOT.get('action') ?? TYPE_SLOT;
export const DEADLINE_SLOT = SLOT.get('deadline_ms') ?? TYPE_SLOT;
export const RESULT_SLOT = SLOT.get('result') ?? TYPE_SLOT;
/** In place of a slot: the member is none of a frame. */
export const UNKNOWN = -1;

interface Candidate {
  readonly slot: number;
  readonly bytes: Uint8Array;
}

/** Names by length, so that most of those in a payload are told apart without building a string. */
const NAMES_BY_LENGTH: Array<Candidate[] | undefined> = [];
for (const [slot, name] of NAMES.entries()) {
  const bytes = encodeUtf8(name);
  const sameLength = NAMES_BY_LENGTH[bytes.length] ?? [];
  sameLength.push({ slot, bytes });
  NAMES_BY_LENGTH[bytes.length] = sameLength;
}

export interface Member {
  readonly name: string;
  readonly slot: number;
  readonly kind: MemberKind;
}

function plan(type: FrameType): readonly Member[] {
  return membersOf(type).map(([name, kind]) => ({ name, kind, slot: SLOT.get(name) ?? TYPE_SLOT }));
}

/** What frames of each type have, in the order of protocol.md §3. */
export const PLANS = new Map(
  Object.keys(FRAME_SHAPES)
    .filter(isFrameType)
    .map((type) => [type, plan(type)]),
);

/** The slot of the name a scanner has passed last, or {@link UNKNOWN}. */
export function slotOf(frame: Uint8Array, { nameStart, nameEnd, escaped }: JsonScanner): number {
  if (escaped) {
    const name: unknown = JSON.parse(decodeUtf8(frame, nameStart - 1, nameEnd + 1));
    return SLOT.get(String(name)) ?? UNKNOWN;
  }
  const candidates = NAMES_BY_LENGTH[nameEnd - nameStart];
  if (candidates === undefined) return UNKNOWN;
  for (let each = 0; each < candidates.length; each++) {
    const { slot, bytes } = candidates[each] as Candidate;
    if (isThere(bytes, frame, nameStart)) return slot;
  }
  return UNKNOWN;
}
