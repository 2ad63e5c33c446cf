import { setTimeout as pause } from 'node:timers/promises';
import type { EngineProcess } from './engine-process.js';
import { registerOfficial } from './official.js';
import { Arrivals, bound, StreamEnd, type StreamEnvelope, streamCall } from './stream-end.js';

const STREAM = 'crowd';
/** Followed by everyone. */
const SHARED = 'shared';
/** Followed by the sockets that do not read, to fill what is kept for them. */
const FLOOD = 'flood';
/** Bytes that the kernels on both sides, and the limit below, hold together at the very most. */
const FLOOD_BYTES = 24 * 2 ** 20;
const FLOOD_PIECE = 256 * 1024;

/** Longer than a socket that is to be synced again stays silent, on a busy machine. */
const PATIENT_MS = 1_800_000;
/** Milliseconds an event may take to reach everyone. */
const LONGEST_MS = 60_000;

/** @param stallMs how long a socket may stay beyond what may wait for it. */
export function crowdedConfig(stallMs: number): string {
  return `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - name: iii-stream
    config:
      port: 0
      durability: commit
      limits: { max_buffered_bytes: 262144, stall_timeout: ${stallMs}, ping_interval: ${PATIENT_MS} }
`;
}

const IMPATIENT_MS = 500;
export const STREAM_CROWD = crowdedConfig(PATIENT_MS);

export interface StreamCrowdOptions {
  /** Started with {@link STREAM_CROWD}. */
  readonly engine: EngineProcess;
  readonly sockets: number;
  /** Events that everyone is to receive, in each of the two parts. */
  readonly events: number;
  readonly progress?: (line: string) => void;
}

export interface StreamCrowdReport {
  /** Events that sockets which read did not receive, or not in order. */
  readonly wrong: readonly string[];
  /** Milliseconds from the call that writes an event until the last socket has it. */
  readonly fanOutMs: readonly number[];
  /** Messages the first stuck socket received before it was synced anew, and whether that sync was up to date. */
  readonly resynced: { readonly messages: number; readonly isCurrent: boolean };
  /** Milliseconds until the other stuck socket, which never reads, was dropped. */
  readonly droppedAfterMs: number;
  /** Of resident memory in bytes. */
  readonly before: number;
  readonly peak: number;
  /** Seconds of processor for each message that was delivered to a socket. */
  readonly cpuEach: number;
}

/** Sockets that follow one group, while two others do not read: one for a while, one for good. */
export async function streamCrowd(options: StreamCrowdOptions): Promise<StreamCrowdReport> {
  const { engine, sockets, events, progress = () => {} } = options;
  const writer = registerOfficial(engine.url, 'writer');
  const crowd = new Crowd();
  const stuck: StreamEnd[] = [];
  try {
    const left = new Arrivals<{ subscription_id: string }>();
    await bound(writer, 'stream:leave', { stream_name: STREAM }, left.put);
    for (let n = 0; n < sockets; n++) await crowd.add(engine.streamUrl);
    progress(`${sockets} sockets have joined`);
    const memory = watchMemory(engine);
    const started = engine.cpuSeconds;

    const paused = await stuckEnd(engine.streamUrl, 'paused');
    stuck.push(paused);
    await flood(writer);
    const fanOutMs = await crowd.follow(writer, events);
    paused.socket.resume();
    const resynced = await untilSynced(paused, crowd.last);
    progress(`a socket that did not read was synced after ${resynced.messages} messages`);

    await reconfigure(engine, crowdedConfig(IMPATIENT_MS));
    const never = await stuckEnd(engine.streamUrl, 'never');
    stuck.push(never);
    const dropped = hasLeft(left, 'never');
    await flood(writer);
    fanOutMs.push(...(await crowd.follow(writer, events)));
    const droppedAfterMs = await dropped;
    progress(`a socket that never reads was dropped after ${droppedAfterMs.toFixed(0)} ms`);

    const delivered = sockets * events * 2;
    const cpuEach = (engine.cpuSeconds - started) / delivered;
    return { wrong: crowd.wrong, fanOutMs, resynced, droppedAfterMs, ...memory.stop(), cpuEach };
  } finally {
    for (const { socket } of stuck) socket.terminate();
    crowd.leave();
    await writer.shutdown();
  }
}

/** Sockets that read, and check what they get. */
class Crowd {
  readonly wrong: string[] = [];
  readonly #ends: StreamEnd[] = [];
  /** Number of the last event that was written. */
  last = 0;
  #missing = 0;
  #complete = () => {};

  async add(url: string): Promise<void> {
    const end = await StreamEnd.open(url);
    const index = this.#ends.push(end);
    await end.join(STREAM, SHARED, undefined, `reader-${index}`);
    let seen = 0;
    end.socket.on('message', (data) => {
      const { event } = JSON.parse(String(data)) as StreamEnvelope;
      const { n } = (event.data ?? {}) as { n?: number };
      seen++;
      if (n !== seen) this.wrong.push(`socket ${index}: ${event.type} ${n} where ${seen} was due`);
      this.#missing--;
      if (this.#missing === 0) this.#complete();
    });
    end.socket.on(
      'close',
      (code) => code !== 1005 && this.wrong.push(`socket ${index} was closed with ${code}`),
    );
  }

  /** @returns the milliseconds that each event took to reach everyone. */
  async follow(writer: Parameters<typeof streamCall>[0], events: number): Promise<number[]> {
    const took: number[] = [];
    for (let count = 0; count < events; count++) {
      const n = ++this.last;
      this.#missing = this.#ends.length;
      const everyone = this.#everyone(n);
      const started = performance.now();
      // One item, so that a sync is as short as an event.
      const item = { stream_name: STREAM, group_id: SHARED, item_id: 'counter' };
      await streamCall(writer, 'set', { ...item, data: { n, filler: 'x'.repeat(200) } });
      await everyone;
      took.push(performance.now() - started);
    }
    return took;
  }

  /** Resolves once everyone has received what is written next. */
  async #everyone(n: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const complete = new Promise<void>((resolve, reject) => {
      this.#complete = resolve;
      const late = () =>
        reject(new Error(`${this.#missing} sockets have not received event ${n}: ${this.wrong}`));
      timer = setTimeout(late, LONGEST_MS);
    });
    await complete.finally(() => clearTimeout(timer));
  }

  leave(): void {
    for (const { socket } of this.#ends) {
      socket.removeAllListeners('close');
      socket.terminate();
    }
  }
}

/** @returns the milliseconds until this subscription has ended. */
async function hasLeft(left: Arrivals<{ subscription_id: string }>, id: string): Promise<number> {
  const since = performance.now();
  while ((await left.next()).subscription_id !== id);
  return performance.now() - since;
}

async function stuckEnd(url: string, name: string): Promise<StreamEnd> {
  const end = await StreamEnd.open(url);
  await end.join(STREAM, SHARED, undefined, name);
  await end.join(STREAM, FLOOD, undefined, `${name} flood`);
  end.socket.pause();
  return end;
}

/** Saves a configuration; resolves once it counts. */
async function reconfigure(engine: EngineProcess, config: string): Promise<void> {
  const before = engine.lines.length;
  engine.configure(config);
  while (!engine.lines.slice(before).some((line) => line.includes('~1 changed'))) await pause(10);
}

/** More than can wait for a socket anywhere. */
async function flood(writer: Parameters<typeof streamCall>[0]): Promise<void> {
  const data = 'x'.repeat(FLOOD_PIECE);
  for (let bytes = 0; bytes < FLOOD_BYTES; bytes += FLOOD_PIECE) {
    await streamCall(writer, 'send', { stream_name: STREAM, group_id: FLOOD, type: 'flood', data });
  }
}

/** Reads until the shared group has been synced, and everything before it. */
async function untilSynced(end: StreamEnd, last: number) {
  for (let messages = 0; ; messages++) {
    const { groupId, event } = await end.next();
    if (groupId !== SHARED || event.type !== 'sync') continue;
    const [item] = event.data as Array<{ n: number }>;
    return { messages, isCurrent: item?.n === last };
  }
}

/** Looks at the memory of the engine now and then. */
function watchMemory(engine: EngineProcess) {
  const before = engine.residentBytes;
  let peak = before;
  const look = () => {
    peak = Math.max(peak, engine.residentBytes);
  };
  const timer = setInterval(look, 50);
  return {
    stop: () => {
      clearInterval(timer);
      look();
      return { before, peak };
    },
  };
}
