import { PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of each half of the young generation; V8 itself goes from 1 MiB up to 16, doubling. */
const HALF_BYTES = 4 * 1024 * 1024;
const GROWS_TO_IT = '--semi-space-growth-factor=4';
const GROWS_NO_MORE = '--semi-space-growth-factor=1';

/**
 * Keeps the young generation of the heap at a size, for whoever owns the process, at its beginning.
 *
 * It grows there at once: while it is small, whatever a burst of work keeps is copied again and again. And it grows no
 * further: the larger it is, the more has come together that each collection copies while everybody waits (benchmarks’
 * NOTES, “Ten thousand schedules” and “A crowd of HTTP clients”). Given more with `--min-semi-space-size`, it keeps that.
 */
export function prepareHeap(): void {
  let flag = GROWS_TO_IT;
  setFlagsFromString(flag);
  // V8 makes it smaller when there is little to do, so that it has to grow again.
  const watching = new PerformanceObserver(() => {
    const wanted = youngBytes() < 2 * HALF_BYTES ? GROWS_TO_IT : GROWS_NO_MORE;
    if (wanted === flag) return;
    flag = wanted;
    setFlagsFromString(flag);
  });
  watching.observe({ type: 'gc' });
}

/** Both halves. */
function youngBytes(): number {
  return getHeapSpaceStatistics().find((space) => space.space_name === 'new_space')?.space_size ?? 0;
}
