import { once } from 'node:events';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import type { ChannelRef, ChannelRefs } from './channel-end.js';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers(
  'channels whose ends do not come',
  (bench, check) => {
    const attach = async ({ channel_id, access_key, direction }: ChannelRef): Promise<WebSocket> => {
      const url = `${bench.engine.url}/ws/channels/${channel_id}?key=${access_key}&dir=${direction}`;
      const socket = new WebSocket(url);
      await once(socket, 'open');
      return socket;
    };

    check('§20.27 expire, and tell the end that waits; pairs go on', async () => {
      const wire = await bench.worker('maker');
      const create = async () => (await wire.call('engine::channels::create')).result as ChannelRefs;
      const [untouched, half, pair] = [await create(), await create(), await create()];
      const [waiting, writer, reader] = await Promise.all(
        [half.reader, pair.writer, pair.reader].map(attach),
      );
      if (waiting === undefined || writer === undefined || reader === undefined) throw new Error('not there');
      const [code] = (await once(waiting, 'close')) as [number];
      expect(code).toBe(1011);
      await expect(attach(untouched.writer)).rejects.toThrow('404');
      const received = once(reader, 'message');
      writer.send('still here');
      expect(String((await received)[0])).toBe('still here');
      for (const socket of [writer, reader]) socket.terminate();
    });
  },
  {
    config:
      'channel: { attach_timeout_ms: 300 }\nworkers: [{ name: iii-worker-manager, config: { port: 0 } }]\n',
  },
);
