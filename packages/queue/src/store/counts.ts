import type { Reads, Transaction } from 'iii-storage';
import type { Counts } from '../job.js';
import { keys } from './keys.js';
import { COUNTED, decodeCounts, encodeCounts } from './records.js';

export function countsIn(reads: Reads, queue: number): Counts {
  return decodeCounts(reads.get(keys.counts(queue)));
}

/** Counts what a transaction does, as part of it. */
export function bump(tx: Transaction, queue: number, changes: Partial<Counts>): void {
  const before = countsIn(tx, queue);
  const after: Record<keyof Counts, number> = { ...before };
  for (const name of COUNTED) after[name] += changes[name] ?? 0;
  tx.put(keys.counts(queue), encodeCounts(after));
}
