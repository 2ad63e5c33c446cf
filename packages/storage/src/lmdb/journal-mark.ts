import { randomBytes } from 'node:crypto';
import { LINEAGE_BYTES } from '../journal/journal-record.js';

/** What a data file knows of its journal. */
export interface JournalMark {
  /** Bytes drawn by chance when the file was made. */
  readonly lineage: Uint8Array;
  /** The last epoch of the journal that the file has all of. */
  readonly applied: number;
}

/** Among the totals of stores: no store can have this name. */
export const MARK_KEY = Buffer.from('/journal');

export function newMark(): JournalMark {
  return { lineage: randomBytes(LINEAGE_BYTES), applied: 0 };
}

export function encodeMark({ lineage, applied }: JournalMark): Uint8Array {
  const encoded = Buffer.alloc(LINEAGE_BYTES + 8);
  encoded.set(lineage);
  encoded.writeBigUInt64BE(BigInt(applied), LINEAGE_BYTES);
  return encoded;
}

export function decodeMark(encoded: Uint8Array): JournalMark {
  const bytes = Buffer.from(encoded);
  return {
    lineage: bytes.subarray(0, LINEAGE_BYTES),
    applied: Number(bytes.readBigUInt64BE(LINEAGE_BYTES)),
  };
}
