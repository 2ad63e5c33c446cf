import { registerWorker } from 'iii-sdk';

/**
 * Calls a handler of our SDK in another connection, and aborts.
 *
 * @returns milliseconds from each abort to the signal of the handler.
 */
export async function abortedCalls(url: string, times: number): Promise<number[]> {
  const options = { otel: { enabled: false } } as const;
  const executor = registerWorker(url, { workerName: 'executor', ...options });
  const caller = registerWorker(url, { workerName: 'caller', ...options });
  const took: number[] = [];
  let started = () => {};
  let heard = (_at: number) => {};
  executor.registerFunction('aborts::wait', (_data, _metadata, { signal }) => {
    started();
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        heard(performance.now());
        reject(signal.reason);
      });
    });
  });
  try {
    await executor.trigger({ function_id: 'engine::functions::list' });
    await caller.ready();
    for (let n = 0; n < times; n++) {
      const running = new Promise<void>((resolve) => (started = resolve));
      const stopped = new Promise<number>((resolve) => (heard = resolve));
      const controller = new AbortController();
      const call = caller.trigger({ function_id: 'aborts::wait', signal: controller.signal });
      call.catch(() => {});
      await running;
      const aborted = performance.now();
      controller.abort();
      took.push((await stopped) - aborted);
      await call.catch(() => {});
    }
    return took;
  } finally {
    await Promise.all([executor.shutdown(), caller.shutdown()]);
  }
}
