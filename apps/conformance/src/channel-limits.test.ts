import { once } from 'node:events';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { ChannelRef, ChannelRefs } from './channel-end.js';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers(
  'a channel that may keep little on disk',
  (bench, check) => {
    check(
      'ends with 1013 for a writer that cannot be held back, and is an error for the reader',
      async () => {
        const wire = await bench.worker('maker');
        const refs = (await wire.call('engine::channels::create')).result as ChannelRefs;
        // Engines do not pause Python clients, which take unanswered pings for a dead connection.
        const headers = { 'user-agent': 'Python/3.11 websockets/15.0' };
        const attach = async ({ channel_id, access_key, direction }: ChannelRef): Promise<WebSocket> => {
          const url = `${bench.engine.url}/ws/channels/${channel_id}?key=${access_key}&dir=${direction}`;
          const socket = new WebSocket(url, { headers });
          await once(socket, 'open');
          return socket;
        };
        const [reader, writer] = await Promise.all([attach(refs.reader), attach(refs.writer)]);
        reader.pause();
        const [writerClosed, readerClosed] = [once(writer, 'close'), once(reader, 'close')];
        const chunk = Buffer.alloc(64 * 1024);
        const flood = setInterval(() => {
          for (let i = 0; i < 50 && writer.readyState === WebSocket.OPEN; i++) writer.send(chunk);
        }, 1);
        const [code, reason] = (await writerClosed) as [number, Buffer];
        clearInterval(flood);
        expect([code, reason.toString()]).toEqual([1013, expect.stringContaining('the spool is full')]);
        reader.resume();
        expect((await readerClosed)[0]).toBe(1013);
      },
    );
  },
  {
    config: 'channel: { spool_limit: 4MiB }\nworkers: [{ name: iii-worker-manager, config: { port: 0 } }]\n',
  },
);
