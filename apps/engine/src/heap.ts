import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of each half of the young generation; V8 itself goes from 1 MiB up to 16, doubling. */
const HALF_BYTES = 8 * 1024 * 1024;

/**
 * Keeps the young generation of the heap at a size, for whoever owns the process, at its beginning.
 *
 * It grows there at once: while it is small, whatever a burst of work keeps is copied again and again. And it grows no
 * further: the larger it is, the more has come together that each collection copies while everybody waits (benchmarks’
 * NOTES, “Ten thousand schedules” and “A crowd of HTTP clients”). Given more with `--min-semi-space-size`, it keeps that.
 *
 * And all that is made begins there. V8 would make in the old generation what comes from a place in the code whose
 * objects have lasted, as those of thousands of connections that come together do: from then on whatever is made there
 * for a call lasts until the whole heap is collected (NOTES, “What V8 keeps”).
 */
export function prepareHeap(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  // Not left to the first collection: where it has its size already, the next could come before that is told of.
  limitGrowth();
  // V8 makes it smaller when there is little to do, so that it has to grow again.
  new PerformanceObserver(limitGrowth).observe({ type: 'gc' });
}

let factor: number | undefined;

/** Lets it grow to its size in one step, or no more. */
function limitGrowth(): void {
  const wanted = Math.max(1, Math.round((2 * HALF_BYTES) / youngBytes()));
  if (wanted === factor) return;
  factor = wanted;
  setFlagsFromString(`--semi-space-growth-factor=${wanted}`);
}

/** Both halves. */
function youngBytes(): number {
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  return young?.space_size ?? HALF_BYTES;
}
