import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { Wire } from './wire.js';

const HEALTHY = 'stuck::healthy';
const FLOODED = 'stuck::f';

export interface StuckOptions {
  readonly url: string;
  readonly rounds: number;
  /** Calls that are timed in each half of a round, at least. */
  readonly samples: number;
  /** The flood: a call of so many bytes every so many milliseconds. */
  readonly chunkBytes: number;
  readonly everyMs: number;
  readonly progress?: (line: string) => void;
}

export interface StuckRound {
  /** Milliseconds from call to answer of a worker that is well, while another is flooded and reads. */
  readonly reading: readonly number[];
  /** The same under the same flood while the other does not read, so that calls pile up for it. */
  readonly stuck: readonly number[];
  /** Close code the stuck worker finds when it reads again. */
  readonly code: number;
  /** Bytes that were sent to it while it did not read, before it was dropped. */
  readonly sentBytes: number;
}

/**
 * A worker that stops reading while calls for it pile up, beside one that is well. The flooded worker and whoever floods
 * it are in a process of their own, so that they take no time of the one that measures.
 */
export async function stuckReader(options: StuckOptions): Promise<StuckRound[]> {
  const { url, rounds, samples, chunkBytes, everyMs, progress = () => {} } = options;
  const [healthy, caller] = await Promise.all([Wire.connect(url), Wire.connect(url)]);
  const flood = await Flood.start(url, chunkBytes, everyMs);
  try {
    await healthy.announce({ name: 'healthy', pid: 1 }).offer(HEALTHY).settled();
    healthy.socket.on('message', () => {
      for (const frame of healthy.frames.splice(0)) {
        if (frame.type === 'invokefunction') healthy.respond(frame, { result: 1 });
      }
      healthy.texts.length = 0;
    });
    caller.announce({ name: 'caller', pid: 1 });
    await measure(caller, samples);
    const done: StuckRound[] = [];
    for (let round = 1; round <= rounds; round++) {
      const reading = await measure(caller, samples);
      const dropped = flood.stopReading();
      const stuck: number[] = [];
      let sentBytes: number | undefined;
      void dropped.then((bytes) => (sentBytes = bytes));
      while (sentBytes === undefined) stuck.push(...(await measure(caller, 10)));
      const code = await flood.startOver();
      done.push({ reading, stuck, code, sentBytes });
      progress(`round ${round}: ${stuck.length} calls beside it until it was dropped with ${code}`);
    }
    return done;
  } finally {
    await flood.end();
    for (const { socket } of [healthy, caller]) socket.terminate();
  }
}

/** `workers/flood.mjs` */
class Flood {
  readonly #inbox: unknown[] = [];
  #wake: () => void = () => {};

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (message) => {
      this.#inbox.push(message);
      this.#wake();
    });
    child.on('exit', () => this.#wake());
  }

  static async start(url: string, chunkBytes: number, everyMs: number): Promise<Flood> {
    const script = path.resolve(import.meta.dirname, '../workers/flood.mjs');
    const args = [script, url, FLOODED, String(chunkBytes), String(everyMs)];
    const flood = new Flood(spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] }));
    await flood.#said((message) => message === 'flooded');
    return flood;
  }

  /** Resolves with the bytes sent to the worker until it was dropped. */
  async stopReading(): Promise<number> {
    this.child.send('stop reading');
    const { sentBytes } = (await this.#said(has('sentBytes'))) as { readonly sentBytes: number };
    return sentBytes;
  }

  /** Lets the worker see that it was dropped, and another take its place. Resolves with the close code. */
  async startOver(): Promise<number> {
    this.child.send('read');
    const { code } = (await this.#said(has('code'))) as { readonly code: number };
    this.child.send('again');
    await this.#said((message) => message === 'flooded');
    return code;
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  async #said(fits: (message: unknown) => boolean): Promise<unknown> {
    for (;;) {
      const at = this.#inbox.findIndex(fits);
      if (at !== -1) return this.#inbox.splice(at, 1)[0];
      if (this.child.exitCode !== null) throw new Error(`the flood ended with ${this.child.exitCode}`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function has(member: string): (message: unknown) => boolean {
  return (message) => typeof message === 'object' && message !== null && member in message;
}

async function measure(caller: Wire, samples: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < samples; n++) {
    const started = performance.now();
    const { error } = await caller.call(HEALTHY);
    if (error !== undefined)
      throw new Error(`a call beside the flooded worker failed: ${JSON.stringify(error)}`);
    took.push(performance.now() - started);
    caller.texts.length = 0;
    // Others in this process have their turn.
    if (n % 10 === 9) await turn();
  }
  return took;
}
