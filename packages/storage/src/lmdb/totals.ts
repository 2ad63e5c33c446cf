import type { Totals } from '../admission.js';

export const TOTALS_BYTES = 16;

export function encodeTotals({ entries, bytes }: Totals): Uint8Array {
  const encoded = Buffer.allocUnsafe(TOTALS_BYTES);
  encoded.writeBigUInt64BE(BigInt(entries), 0);
  encoded.writeBigUInt64BE(BigInt(bytes), 8);
  return encoded;
}

/** @throws RangeError when the bytes are no totals. */
export function decodeTotals(encoded: Uint8Array): Totals {
  const { buffer, byteOffset, length } = encoded;
  if (length !== TOTALS_BYTES) throw new RangeError(`totals have ${TOTALS_BYTES} bytes, not ${length}`);
  const view = new DataView(buffer, byteOffset, length);
  return { entries: Number(view.getBigUint64(0)), bytes: Number(view.getBigUint64(8)) };
}
