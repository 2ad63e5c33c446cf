import { constants, PerformanceObserver } from 'node:perf_hooks';
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';

/** Bytes of each half of the young generation; V8 itself goes from 1 MiB up to 16, doubling. */
const HALF_BYTES = 8 * 1024 * 1024;
/** Bytes that an old generation may grow by before all is collected, as long as it has no more than so many. */
const ROOM_BYTES = 48 * 1024 * 1024;
const SMALL_BYTES = 24 * 1024 * 1024;

/**
 * Has the heap collected no more often than is good for those who wait, for whoever owns the process, at its beginning.
 *
 * The young generation is kept at a size. It grows there at once: while it is small, whatever a burst of work keeps is
 * copied again and again. And it grows no further: the larger it is, the more has come together that each collection
 * copies while everybody waits (benchmarks’ NOTES, “Ten thousand schedules” and “A crowd of HTTP clients”). Given more
 * with `--min-semi-space-size`, it keeps that.
 *
 * And all that is made begins there. V8 would make in the old generation what comes from a place in the code whose
 * objects have lasted, as those of thousands of connections that come together do: from then on whatever is made there
 * for a call lasts until the whole heap is collected (NOTES, “What V8 keeps”).
 *
 * A small old generation has room for what outlives the young one by little, as records do until the data file has them:
 * to one that fills slowly V8 gives 8 MiB, and spends up to 3 % of the time on collecting all of it (NOTES, “Queues”). One
 * with thousands of connections is left to V8: the longer what is garbage there lasts, the more of what is young it keeps.
 */
export function prepareHeap(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
  // Not left to the first collection: where it has its size already, the next could come before that is told of.
  limitGrowth();
  // V8 makes it smaller when there is little to do, so that it has to grow again.
  const observer = new PerformanceObserver((list) => {
    limitGrowth();
    if (list.getEntries().some((entry) => 'detail' in entry && isOfAll(entry.detail))) giveRoom();
  });
  observer.observe({ type: 'gc' });
  giveRoom();
}

/** @param collection what Node tells of one. */
function isOfAll(collection: unknown): boolean {
  const { kind } = collection as { readonly kind?: number };
  return kind === constants.NODE_PERFORMANCE_GC_MAJOR;
}

let percent: number | undefined;

/** Tells V8 how far the heap may grow, which it decides at the end of each collection of all of it. */
function giveRoom(): void {
  const wanted = growthFor(oldBytes());
  if (wanted === percent) return;
  percent = wanted;
  setFlagsFromString(`--heap-growing-percent=${wanted}`);
}

/** Percent by which an old generation of so many bytes may grow until all is collected once more; 0 leaves it to V8. */
export function growthFor(bytes: number): number {
  return bytes > SMALL_BYTES ? 0 : Math.round((100 * ROOM_BYTES) / bytes);
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

/** What is in use of all else. */
function oldBytes(): number {
  return getHeapSpaceStatistics()
    .filter((space) => !space.space_name.startsWith('new_'))
    .reduce((sum, space) => sum + space.space_used_size, 0);
}
