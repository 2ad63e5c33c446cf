/** Bytes a close frame can carry beside its code (RFC 6455 §5.5). */
const MAX_REASON_BYTES = 123;

/** The longest start of a reason that fits into a close frame without cutting a character. */
export function fitReason(reason: string): string {
  const { read } = new TextEncoder().encodeInto(reason, new Uint8Array(MAX_REASON_BYTES));
  return reason.slice(0, read);
}
