import { setFlagsFromString } from 'node:v8';

/**
 * Has the young generation of the heap grow to its full size at once instead of doubling its way there: while it is
 * small, whatever a burst of work keeps is copied again and again (benchmarks’ NOTES, “Ten thousand schedules”). For
 * whoever owns the process, at its beginning.
 */
export function prepareHeap(): void {
  setFlagsFromString('--semi-space-growth-factor=16');
}
