import { ListenerError } from './errors.js';

/** Bytes a close frame can carry beside its code (RFC 6455 §5.5). */
const MAX_REASON_BYTES = 123;

/** Refuses the codes that may not be sent: reserved, or made up locally (1005, 1006, 1015). */
export function checkCloseCode(code: number): void {
  const defined = code >= 1000 && code <= 1014 && (code < 1004 || code > 1006);
  const application = code >= 3000 && code <= 4999;
  if (!Number.isInteger(code) || !(defined || application)) {
    throw new ListenerError('invalid_close_code', `close code ${code}`);
  }
}

/** The longest start of a reason that fits into a close frame without cutting a character. */
export function fitReason(reason: string): string {
  const bytes = Buffer.from(reason);
  if (bytes.length <= MAX_REASON_BYTES) return reason;
  let end = MAX_REASON_BYTES;
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--;
  return bytes.toString('utf8', 0, end);
}

/** Refuses payloads that do not fit into a control frame. */
export function checkPing(payload: Uint8Array | undefined): void {
  if (payload !== undefined && payload.length > 125) {
    throw new ListenerError('invalid_ping', `ping payload of ${payload.length} bytes`);
  }
}
