import { parseRaw, type RawJson, rawFromValue } from 'iii-protocol';
import { refusal } from '../errors.js';
import { STATE_LIMITS } from '../limits.js';

/** @throws HandlerError VALUE_TOO_LARGE when the value has more bytes than it may. */
export function requireValueFits(value: RawJson, maxValueBytes: number | undefined): void {
  const limit = Math.min(maxValueBytes ?? STATE_LIMITS.resultBytes, STATE_LIMITS.resultBytes);
  if (value.length <= limit) return;
  const bytes = compactBytes(value);
  if (bytes <= limit && value.length <= STATE_LIMITS.resultBytes) return;
  throw refusal('VALUE_TOO_LARGE', `a value of ${bytes} bytes is larger than the ${limit} there may be`);
}

/** @throws HandlerError RESULT_TOO_LARGE, so that a change whose result could not be sent is not made. */
export function requireResultFits(...parts: ReadonlyArray<RawJson | undefined>): void {
  const bytes = parts.reduce((sum, part) => sum + (part?.length ?? 0), 0);
  if (bytes <= STATE_LIMITS.resultBytes) return;
  throw refusal(
    'RESULT_TOO_LARGE',
    `a result with values of ${bytes} bytes, where ${STATE_LIMITS.resultBytes} fit: ask with return_values false`,
  );
}

/** What limits count: white space does not (§1.2). */
function compactBytes(value: RawJson): number {
  return rawFromValue(parseRaw(value)).length;
}
