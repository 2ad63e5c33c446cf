/** Conditions under which calls are measured. */
export interface Case {
  readonly inFlight: number;
  readonly payloadBytes: number;
  readonly workers: number;
}

export interface CaseChoice {
  readonly inFlight: readonly number[];
  readonly payloads: readonly number[];
  readonly workers: readonly number[];
  /** Every combination, instead of one thing at a time. */
  readonly all: boolean;
}

/** What else is varied from: what most calls are like. */
const USUAL = { inFlight: 64, payloadBytes: 64, workers: 1 };
/** Payloads are varied with fewer calls in flight, or the larger ones would wait in memory only. */
const IN_FLIGHT_OF_PAYLOADS = 16;

/** The cases of a choice, those of one number of workers together. */
export function casesOf({ inFlight, payloads, workers, all }: CaseChoice): Case[] {
  const found: Case[] = [];
  for (const some of workers) {
    for (const count of inFlight) {
      for (const payloadBytes of payloads) {
        const each = { inFlight: count, payloadBytes, workers: some };
        if (all || isWanted(each, { inFlight, payloads, workers, all })) found.push(each);
      }
    }
  }
  return found;
}

/** One thing differs from the usual, where the usual was chosen at all. */
function isWanted(each: Case, { inFlight, payloads, workers }: CaseChoice): boolean {
  const usual = {
    inFlight: nearest(USUAL.inFlight, inFlight),
    payloadBytes: nearest(USUAL.payloadBytes, payloads),
    workers: nearest(USUAL.workers, workers),
  };
  if (each.workers !== usual.workers)
    return each.inFlight === usual.inFlight && each.payloadBytes === usual.payloadBytes;
  if (each.payloadBytes === usual.payloadBytes) return true;
  return each.inFlight === nearest(IN_FLIGHT_OF_PAYLOADS, inFlight);
}

function nearest(wanted: number, possible: readonly number[]): number {
  return possible.includes(wanted) ? wanted : (possible[0] ?? wanted);
}

export function titleOf({ inFlight, payloadBytes, workers }: Case): string {
  return `${inFlight} in flight, ${bytes(payloadBytes)}, ${workers === 1 ? 'one worker' : `${workers} workers`}`;
}

function bytes(count: number): string {
  if (count >= 1024 * 1024) return `${count / 1024 / 1024} MiB`;
  return count >= 1024 ? `${count / 1024} KiB` : `${count} B`;
}
