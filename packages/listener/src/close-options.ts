import { checkCloseCode } from './close-frame.js';
import type { CloseOptions } from './types.js';

/** The longest time a timer can hold, about 25 days. */
const LONGEST_GRACE_MS = 2 ** 31 - 1;

/**
 * How a port closes, with every default filled in.
 * @throws ListenerError `invalid_close_code`.
 */
export function closeOptions({
  graceMs = 0,
  code = 1001,
  reason = '',
}: CloseOptions): Required<CloseOptions> {
  checkCloseCode(code);
  return { graceMs: Math.min(Math.max(graceMs, 0), LONGEST_GRACE_MS), code, reason };
}
