import type { Reads, Transaction } from 'iii-storage';
import type { Counts } from '../job.js';
import { keys } from './keys.js';
import { decodeCounts, encodeCounts } from './records.js';

export function countsIn(reads: Reads, queue: number): Counts {
  return decodeCounts(reads.get(keys.counts(queue)));
}

/** Counts what a transaction does, as part of it. */
export function bump(tx: Transaction, queue: number, changes: Partial<Counts>): void {
  const counts: Record<string, number> = { ...countsIn(tx, queue) };
  for (const [name, change] of Object.entries(changes)) counts[name] = (counts[name] ?? 0) + change;
  tx.put(keys.counts(queue), encodeCounts(counts as unknown as Counts));
}
