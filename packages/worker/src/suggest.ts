import { distance } from 'fastest-levenshtein';

/** The candidate closest to what was written, when it is close enough to be meant. */
export function suggest(written: string, candidates: Iterable<string>): string | undefined {
  const target = written.toLowerCase();
  let best: string | undefined;
  let fewest = Math.min(3, Math.ceil(target.length / 2)) + 1;
  for (const candidate of candidates) {
    const edits = distance(target, candidate.toLowerCase());
    if (edits >= fewest) continue;
    best = candidate;
    fewest = edits;
  }
  return best;
}
