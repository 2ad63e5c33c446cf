import { setTimeout as pause } from 'node:timers/promises';
import { Wire } from './wire.js';

const HEALTHY = 'stuck::healthy';
const STUCK = 'stuck::f';

export interface StuckReport {
  /** Milliseconds from call to answer of a worker that is well, while another is flooded and reads. */
  readonly alone: readonly number[];
  /** The same under the same flood while the other does not read, so that calls pile up for it. */
  readonly beside: readonly number[];
  /** Close code the stuck worker finds when it reads again. */
  readonly code: number;
  /** Bytes that were sent to it while it did not read, before it was dropped. */
  readonly sentBytes: number;
}

/** A worker that stops reading while calls for it pile up, beside one that is well. */
export async function stuckReader(url: string, samples: number, chunkBytes: number): Promise<StuckReport> {
  const [stuck, healthy, caller, flooder] = await Promise.all([1, 2, 3, 4].map(() => Wire.connect(url)));
  if (!stuck || !healthy || !caller || !flooder) throw new Error('not connected');
  const all = [stuck, healthy, caller, flooder];
  try {
    all.forEach((wire, n) => void wire.announce({ name: `stuck-${n}`, pid: 1 }));
    healthy.offer(HEALTHY);
    healthy.socket.on('message', () => {
      for (const frame of healthy.frames.splice(0)) {
        if (frame.type === 'invokefunction') healthy.respond(frame, { result: 1 });
        healthy.texts.length = 0;
      }
    });
    stuck.offer(STUCK);
    await stuck.settled();
    const forget = () => {
      stuck.frames.length = 0;
      stuck.texts.length = 0;
    };
    stuck.socket.on('message', forget);
    let sent = 0;
    const flood = floodUntilDropped(flooder, 'x'.repeat(chunkBytes), (bytes) => (sent += bytes));
    let isOver = false;
    void flood.then(() => (isOver = true));
    await measure(caller, samples);
    const alone = await measure(caller, samples);
    stuck.socket.pause();
    sent = 0;
    const closed = stuck.closed();
    const beside: number[] = [];
    while (!isOver || beside.length < samples) beside.push(...(await measure(caller, 20)));
    await flood;
    stuck.socket.resume();
    return { alone, beside, code: await closed, sentBytes: sent };
  } finally {
    for (const { socket } of all) socket.terminate();
  }
}

/** Sends calls that nobody waits for, until the function is gone with its worker. */
async function floodUntilDropped(
  flooder: Wire,
  data: string,
  sending: (bytes: number) => void,
): Promise<void> {
  for (;;) {
    sending(data.length);
    flooder.send({ type: 'invokefunction', function_id: STUCK, data, action: { type: 'void' } });
    const { result } = await flooder.call('engine::functions::list', { prefix: STUCK });
    if ((result as { functions: unknown[] }).functions.length === 0) return;
    // Leaves the others their turn on a machine with few cores.
    await pause(1);
  }
}

async function measure(caller: Wire, samples: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < samples; n++) {
    const started = performance.now();
    const { error } = await caller.call(HEALTHY);
    if (error !== undefined)
      throw new Error(`a call beside the stuck worker failed: ${JSON.stringify(error)}`);
    took.push(performance.now() - started);
  }
  return took;
}
