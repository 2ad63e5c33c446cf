import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { WebSocket } from 'ws';
import type { ChannelRef } from '../channel-end.js';
import { type Driver, EngineProcess } from '../engine-process.js';
import { Wire } from '../wire.js';

/** What was left when all were done. */
export interface Leftovers {
  readonly complete: number;
  readonly channels: number;
  readonly files: number;
  readonly sockets: number;
  readonly seconds: number;
}

/** So many channels at once, each with so many bytes through plain sockets. */
export async function manyAtOnce(driver: Driver, count: number, bytes: number): Promise<Leftovers> {
  const engine = await EngineProcess.start({ driver });
  try {
    const wire = await Wire.open(new WebSocket(engine.url));
    await wire.settled();
    const sockets = descriptors(engine, 'socket:');
    const start = performance.now();
    const received = await Promise.all(Array.from({ length: count }, () => oneOfMany(engine, wire, bytes)));
    const seconds = (performance.now() - start) / 1_000;
    const { result } = await wire.call('engine::channels::list');
    return {
      complete: received.filter((each) => each === bytes).length,
      channels: (result as { channels: unknown[] }).channels.length,
      files: descriptors(engine, 'iii-channel'),
      sockets: await settled(() => descriptors(engine, 'socket:') - sockets),
      seconds,
    };
  } finally {
    await engine.stop();
  }
}

async function oneOfMany(engine: EngineProcess, wire: Wire, bytes: number): Promise<number> {
  const { result } = await wire.call('engine::channels::create');
  const { writer, reader } = result as { writer: ChannelRef; reader: ChannelRef };
  const attach = ({ channel_id, access_key, direction }: ChannelRef) =>
    new WebSocket(`${engine.url}/ws/channels/${channel_id}?key=${access_key}&dir=${direction}`);
  const [reading, writing] = [attach(reader), attach(writer)];
  let received = 0;
  reading.on('message', (data: Buffer) => {
    received += data.length;
  });
  const closed = once(reading, 'close');
  await Promise.all([once(reading, 'open'), once(writing, 'open')]);
  const chunk = Buffer.alloc(64 * 1024);
  for (let left = bytes; left > 0; left -= chunk.length) {
    // At the pace the engine takes it.
    await new Promise<void>((resolve) => {
      writing.send(left < chunk.length ? chunk.subarray(0, left) : chunk, () => resolve());
    });
  }
  writing.close(1000);
  await closed;
  return received;
}

/** Open files of the engine whose name has this in it. */
function descriptors(engine: EngineProcess, name: string): number {
  const folder = `/proc/${engine.child.pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`).includes(name);
    } catch {
      return false;
    }
  }).length;
}

/** The figure once it is 0, or what it is after 5 s. */
async function settled(read: () => number): Promise<number> {
  for (let tries = 0; tries < 100 && read() !== 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return read();
}
