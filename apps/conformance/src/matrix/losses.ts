import { ChannelEnd } from '../channel-end.js';
import { type Driver, EngineProcess } from '../engine-process.js';
import { channelOn } from './channel-on.js';

const MIB = 1024 * 1024;

/** Who goes away in the middle of a transfer, and how. */
export const LOSSES = ['writer killed', 'reader killed', 'engine stopped', 'engine killed'] as const;
export type Loss = (typeof LOSSES)[number];

/** What the ends that were left saw, and after how many milliseconds; `ended` is a truncated stream that looks whole. */
export interface Seen {
  readonly end: 'writer' | 'reader';
  readonly event: 'ended' | 'failed';
  readonly ms: number;
}

/** Loses one party of a transfer between ends of ours. */
export async function lose(driver: Driver, loss: Loss): Promise<Seen[]> {
  const engine = await EngineProcess.start({ driver });
  const { refs, wire } = await channelOn(engine);
  const address = engine.url;
  const ends = {
    reader: ChannelEnd.start({ client: 'ours', address, ref: refs.reader, bytesPerSecond: 20 * MIB }),
    writer: ChannelEnd.start({
      client: 'ours',
      address,
      ref: refs.writer,
      bytes: 4096 * MIB,
      chunkBytes: 65_536,
    }),
  };
  try {
    await ends.reader.connected;
    const start = performance.now();
    const survivors = (['writer', 'reader'] as const)
      .filter((end) => loss !== `${end} killed`)
      .map(async (end): Promise<Seen> => {
        const { event } = await ends[end].outcome;
        return { end, event, ms: performance.now() - start };
      });
    if (loss === 'writer killed') await ends.writer.kill();
    else if (loss === 'reader killed') await ends.reader.kill();
    else await engine.stop(loss === 'engine stopped' ? 'SIGTERM' : 'SIGKILL');
    return await Promise.all(survivors);
  } finally {
    await Promise.all([ends.writer.kill(), ends.reader.kill(), engine.stop('SIGKILL')]);
    wire.socket.terminate();
  }
}
