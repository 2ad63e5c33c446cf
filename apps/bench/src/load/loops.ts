import { type LoadResult, loadResult } from './latencies.js';

/** Keeps so many calls in flight for so long: the next begins when one has ended. */
export interface ClosedLoop {
  readonly kind: 'closed';
  readonly inFlight: number;
  readonly ms: number;
}

/** Makes so many calls a second for so long, whether earlier ones have ended or not. */
export interface OpenLoop {
  readonly kind: 'open';
  readonly perSecond: number;
  readonly ms: number;
}

export type Loop = ClosedLoop | OpenLoop;

export function runLoop(loop: Loop, call: () => Promise<unknown>): Promise<LoadResult> {
  return loop.kind === 'closed' ? closed(loop, call) : open(loop, call);
}

async function closed({ inFlight, ms }: ClosedLoop, call: () => Promise<unknown>): Promise<LoadResult> {
  const took: number[] = [];
  const begin = performance.now();
  const end = begin + ms;
  const oneAfterTheOther = async () => {
    for (let sent = performance.now(); sent < end; ) {
      await call();
      const now = performance.now();
      took.push(now - sent);
      sent = now;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, oneAfterTheOther));
  return loadResult(took, performance.now() - begin);
}

/** Each call counts from when it was due, so that one that could not even be made in time is not forgotten. */
async function open({ perSecond, ms }: OpenLoop, call: () => Promise<unknown>): Promise<LoadResult> {
  const took: number[] = [];
  const begin = performance.now();
  const total = Math.floor((perSecond * ms) / 1_000);
  const running = new Set<Promise<void>>();
  for (let made = 0; made < total; ) {
    const now = performance.now();
    for (; made < total; made++) {
      const due = begin + (made * 1_000) / perSecond;
      if (due > now) break;
      const ending = call().then(() => {
        took.push(performance.now() - due);
        running.delete(ending);
      });
      running.add(ending);
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(running);
  return loadResult(took, performance.now() - begin);
}
