import { type ChannelClient, ChannelEnd } from '../channel-end.js';
import type { EngineProcess } from '../engine-process.js';
import { channelOn } from './channel-on.js';

const MIB = 1024 * 1024;

/** One writer, one reader, and what goes between them. */
export interface Transfer {
  readonly writer: ChannelClient;
  readonly reader: ChannelClient;
  readonly chunkBytes: number;
  readonly bytes: number;
  readonly bytesPerSecond: number | undefined;
}

export interface Measured {
  /** What is wrong; undefined when all arrived as it was sent. */
  readonly problem: string | undefined;
  readonly mibPerSecond: number;
  readonly growthMib: number;
}

/** Moves data from one process to another through the engine. */
export async function transfer(engine: EngineProcess, plan: Transfer): Promise<Measured> {
  const { refs, wire } = await channelOn(engine);
  const { bytes, chunkBytes, bytesPerSecond } = plan;
  const address = engine.url;
  const before = engine.residentBytes;
  let most = before;
  const sampler = setInterval(() => {
    most = Math.max(most, engine.residentBytes);
  }, 50);
  const start = performance.now();
  const reader = ChannelEnd.start({
    client: plan.reader,
    address,
    ref: refs.reader,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  });
  const writer = ChannelEnd.start({ client: plan.writer, address, ref: refs.writer, bytes, chunkBytes });
  try {
    const [sent, received] = await Promise.all([writer.outcome, reader.outcome]);
    const seconds = (performance.now() - start) / 1_000;
    const problem = compare(bytes, sent, received);
    return { problem, mibPerSecond: bytes / MIB / seconds, growthMib: (most - before) / MIB };
  } finally {
    clearInterval(sampler);
    await Promise.all([writer.kill(), reader.kill()]);
    wire.socket.terminate();
  }
}

type Outcome = Awaited<ChannelEnd['outcome']>;

function compare(bytes: number, sent: Outcome, received: Outcome): string | undefined {
  const failures = [
    sent.event === 'failed' ? `the writer failed: ${sent.message}` : undefined,
    received.event === 'failed'
      ? `the reader failed after ${received.bytes} bytes: ${received.message}`
      : undefined,
  ].filter((failure) => failure !== undefined);
  if (failures.length > 0) return failures.join('; ');
  if (received.bytes !== bytes) return `${received.bytes} of ${bytes} bytes arrived`;
  return 'sha256' in sent && 'sha256' in received && received.sha256 === sent.sha256
    ? undefined
    : 'SHA-256 differs';
}
