import type { Log } from 'iii-protocol';

/** Something that runs until it is told to stop. */
export interface Stoppable {
  stop(): Promise<void>;
}

export interface ProcessLifeOptions {
  readonly log: Log;
  /** Milliseconds stopping may take before the process ends regardless. Default 10 000. */
  readonly stopTimeoutMs?: number;
  readonly process?: Pick<NodeJS.Process, 'on' | 'off' | 'exit'>;
}

const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

/**
 * Waits for SIGINT or SIGTERM, stops what runs, and resolves with the exit status: 0, or 1 when it could not be
 * stopped in time. A second signal ends the process at once with 130 or 143.
 */
export async function runUntilSignal(running: Stoppable, options: ProcessLifeOptions): Promise<number> {
  const { log } = options;
  const target = options.process ?? process;
  const stopTimeoutMs = options.stopTimeoutMs ?? 10_000;
  let asked: Signal | undefined;
  const handlers = new Map<Signal, () => void>();
  const first = new Promise<Signal>((resolve) => {
    for (const signal of Object.keys(SIGNALS) as Signal[]) {
      const handler = () => {
        if (asked !== undefined) target.exit(SIGNALS[signal]);
        asked = signal;
        resolve(signal);
      };
      handlers.set(signal, handler);
      target.on(signal, handler);
    }
  });
  try {
    log.info({}, `${await first}: stopping. Once more to stop at once.`);
    return await stopWithin(running, stopTimeoutMs, log);
  } finally {
    for (const [signal, handler] of handlers) target.off(signal, handler);
  }
}

async function stopWithin(running: Stoppable, ms: number, log: Log): Promise<number> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), ms);
  });
  try {
    const outcome = await Promise.race([running.stop().then(() => 'stopped' as const), late]);
    if (outcome === 'stopped') return 0;
    log.error({}, `not everything stopped within ${ms} ms`);
  } catch (error) {
    log.error({ err: error }, 'stopping failed');
  } finally {
    clearTimeout(timer);
  }
  return 1;
}
