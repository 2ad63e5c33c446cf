import { once } from 'node:events';
import type { ChannelReader, ChannelWriter } from 'official-iii-sdk/channel';
import { createChannel } from 'official-iii-sdk/helpers';
import { afterEach, expect } from 'vitest';
import { WebSocket } from 'ws';
import { type ChannelClient, ChannelEnd, type ChannelRef, type ChannelRefs } from './channel-end.js';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';
import type { Wire } from './wire.js';

const MIB = 1024 * 1024;
const CLIENTS: readonly ChannelClient[] = ['official', 'ours'];
const PAIRS = CLIENTS.flatMap((writer) => CLIENTS.map((reader) => ({ writer, reader })));

interface Row {
  readonly channel_id: string;
  readonly owner: string;
  readonly buffered_bytes: number;
  readonly spooled_bytes: number;
}

await onBothDrivers('channels', (bench, check) => {
  const create = async (wire: Wire, data: unknown = {}): Promise<ChannelRefs> => {
    const { result, error } = await wire.call('engine::channels::create', data);
    if (error !== undefined) throw new Error(JSON.stringify(error));
    return result as ChannelRefs;
  };
  /** The channels a worker has made that have not ended. */
  const list = async (wire: Wire): Promise<Row[]> => {
    const { worker_id } = await wire.frame(({ type }) => type === 'workerregistered');
    const { result } = await wire.call('engine::channels::list');
    return (result as { channels: Row[] }).channels.filter(({ owner }) => owner === worker_id);
  };

  const pathOf = ({ channel_id, access_key, direction }: ChannelRef) =>
    `/ws/channels/${channel_id}?key=${access_key}&dir=${direction}`;

  const sockets: WebSocket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.terminate();
  });

  /** An end as a plain socket, with what arrives noted. */
  async function attach(path: string) {
    const socket = new WebSocket(bench.engine.url + path);
    sockets.push(socket);
    const items: Array<string | Buffer> = [];
    socket.on('message', (data: Buffer, isBinary) => items.push(isBinary ? data : data.toString()));
    const closed = once(socket, 'close') as Promise<[number, Buffer]>;
    await once(socket, 'open');
    return { socket, items, closed };
  }

  /** The status an upgrade is refused with. */
  const refusal = async (path: string): Promise<number> => {
    const socket = new WebSocket(bench.engine.url + path);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode: number }];
    socket.on('error', () => {});
    socket.terminate();
    return response.statusCode;
  };

  const end = (client: ChannelClient, ref: ChannelRef, more: object = {}) =>
    ChannelEnd.start({ client, address: bench.engine.url, ref, ...more });

  check('§20.25 two refs are made, whatever buffer size is asked for that is one', async () => {
    const wire = await bench.worker('maker');
    for (const data of [{}, null, { buffer_size: null }, { buffer_size: 0 }, { buffer_size: 100_000 }]) {
      const { writer, reader } = await create(wire, data);
      expect(writer).toEqual({
        channel_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        access_key: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        direction: 'write',
      });
      expect(reader).toMatchObject({ channel_id: writer.channel_id, direction: 'read' });
    }
    for (const buffer_size of [-1, 1.5, '64']) {
      const { error } = await wire.call('engine::channels::create', { buffer_size });
      expect(error).toMatchObject({ code: 'deserialization_error' });
    }
  });

  check('§20.25 wrong ids, keys and directions are not found, and broken queries are refused', async () => {
    const wire = await bench.worker('maker');
    const { writer, reader } = await create(wire);
    const unknown = { ...writer, channel_id: '00000000-0000-4000-8000-000000000000' };
    const missing = [
      unknown,
      { ...writer, access_key: unknown.channel_id },
      { ...writer, access_key: '' },
      { ...writer, access_key: 'x'.repeat(4_000) },
      // §19.16: a key is good for its own direction.
      { ...writer, access_key: reader.access_key },
      { ...writer, direction: 'read' as const },
    ];
    for (const ref of missing) expect(await refusal(pathOf(ref))).toBe(404);
    const base = `/ws/channels/${writer.channel_id}`;
    const broken = ['', '?', '?dir=read', `?key=${writer.access_key}`, `?key=%ff&dir=`, '?key=a&dir=up'];
    for (const query of broken) expect(await refusal(base + query)).toBe(400);
    const { socket, closed } = await attach(pathOf(writer));
    socket.close(1000);
    expect((await closed)[0]).toBe(1000);
  });

  check('§20.25 an end can be attached once, and after the end of the channel it is not found', async () => {
    const wire = await bench.worker('maker');
    const { writer, reader } = await create(wire);
    const first = await attach(pathOf(writer));
    const second = await attach(pathOf(writer));
    expect((await second.closed)[0]).toBe(1008);
    const reading = await attach(pathOf(reader));
    first.socket.send('still mine');
    first.socket.close(1000);
    expect((await reading.closed)[0]).toBe(1000);
    expect(reading.items).toEqual(['still mine']);
    await first.closed;
    expect(await refusal(pathOf(writer))).toBe(404);
    expect(await list(wire)).toEqual([]);
  });

  check('§20.25 a reader that comes late gets everything, also after the writer has gone', async () => {
    const wire = await bench.worker('maker');
    const { writer, reader } = await create(wire);
    const writing = await attach(pathOf(writer));
    for (let i = 0; i < 100; i++) writing.socket.send(i % 2 === 0 ? `text ${i}` : Buffer.from([i]));
    writing.socket.close();
    await writing.closed;
    const reading = await attach(pathOf(reader));
    expect([1000, 1005]).toContain((await reading.closed)[0]);
    expect(reading.items).toEqual(
      Array.from({ length: 100 }, (_, i) => (i % 2 === 0 ? `text ${i}` : Buffer.from([i]))),
    );
  });

  check('§20.26 text and binary keep kind, boundaries and order', async () => {
    const wire = await bench.worker('maker');
    const { writer, reader } = await create(wire);
    const reading = await attach(pathOf(reader));
    const writing = await attach(pathOf(writer));
    const items = [Buffer.alloc(0), '', 'ä', Buffer.alloc(200_000, 7), 'c1', 'm', Buffer.from('m')];
    for (const item of items) writing.socket.send(item);
    writing.socket.close(1000);
    await reading.closed;
    expect(reading.items).toEqual(items);
  });

  check(
    '§20.26 a writer is held back, or what it sends goes to disk, while the reader does not read',
    async () => {
      const wire = await bench.worker('maker');
      const { writer, reader } = await create(wire);
      const reading = await attach(pathOf(reader));
      reading.socket.pause();
      const writing = await attach(pathOf(writer));
      const before = bench.engine.residentBytes;
      const chunk = Buffer.alloc(64 * 1024, 1);
      for (let i = 0; i < 3_200; i++) writing.socket.send(chunk);
      const row = async (): Promise<Row> => {
        const [only] = await list(wire);
        if (only === undefined) throw new Error('the channel has ended');
        return only;
      };
      if (bench.driver === 'uws') {
        // It takes everything, and keeps on disk what the reader does not take.
        await expect.poll(() => writing.socket.bufferedAmount, { timeout: 30_000 }).toBe(0);
        await expect
          .poll(async () => (await row()).spooled_bytes, { timeout: 30_000 })
          .toBeGreaterThan(100 * MIB);
      } else {
        // It takes as much as it keeps in memory, and what the system takes.
        await expect
          .poll(async () => (await row()).buffered_bytes, { timeout: 30_000 })
          .toBeGreaterThan(0.9 * MIB);
        for (let looks = 0; looks < 20; looks++) expect((await row()).buffered_bytes).toBeLessThan(4 * MIB);
        expect(writing.socket.bufferedAmount).toBeGreaterThan(100 * MIB);
      }
      expect(bench.engine.residentBytes - before).toBeLessThan(64 * MIB);
      let bytes = 0;
      reading.socket.on('message', (data: Buffer) => {
        bytes += data.length;
        reading.items.length = 0;
      });
      reading.socket.resume();
      writing.socket.close(1000);
      expect((await reading.closed)[0]).toBe(1000);
      expect(bytes).toBe(3_200 * 64 * 1024);
    },
    60_000,
  );

  check(
    '§20.27 what only one end has taken ends when its creator leaves, a pair in use does not',
    async () => {
      const maker = await bench.worker('maker');
      const [half, full] = [await create(maker), await create(maker)];
      const alone = await attach(pathOf(half.reader));
      const reading = await attach(pathOf(full.reader));
      const writing = await attach(pathOf(full.writer));
      maker.socket.close();
      expect((await alone.closed)[0]).toBe(1011);
      expect(await refusal(pathOf(half.writer))).toBe(404);
      writing.socket.send('goes on');
      writing.socket.close(1000);
      await reading.closed;
      expect(reading.items).toEqual(['goes on']);
    },
  );

  check('§19.12 the address of a channel is found behind a query of the client', async () => {
    const wire = await bench.worker('maker');
    const { writer, reader } = await create(wire);
    const reading = await attach(`/?token=x${pathOf(reader)}`);
    const writing = await attach(`/ws?token=x${pathOf(writer)}`);
    writing.socket.send('found');
    writing.socket.close(1000);
    await reading.closed;
    expect(reading.items).toEqual(['found']);
    expect(await refusal(`/?token=x${pathOf(reader)}`)).toBe(404);
  });

  check('§19.14 a writer that is lost does not look like one that is done', async () => {
    const wire = await bench.worker('maker');
    const { writer, reader } = await create(wire);
    const reading = await attach(pathOf(reader));
    const writing = await attach(pathOf(writer));
    writing.socket.send('half');
    await once(reading.socket, 'message');
    writing.socket.terminate();
    expect((await reading.closed)[0]).toBe(1011);
  });

  check('§19.14 a writer hears that its reader is gone', async () => {
    const wire = await bench.worker('maker');
    const { writer, reader } = await create(wire);
    const reading = await attach(pathOf(reader));
    const writing = await attach(pathOf(writer));
    writing.socket.send('x');
    await once(reading.socket, 'message');
    reading.socket.terminate();
    expect([1001, 1011]).toContain((await writing.closed)[0]);
  });

  check('§19.15 a reader is read: its pings are answered while it waits', async () => {
    const wire = await bench.worker('maker');
    const { reader } = await create(wire);
    const reading = await attach(pathOf(reader));
    reading.socket.ping();
    await once(reading.socket, 'pong');
    reading.socket.terminate();
  });

  check('official clients pass refs in a payload, and text beside bytes', async () => {
    const processor = bench.official('processor');
    const caller = bench.official('caller');
    processor.registerFunction(
      'bytes::count',
      async ({
        nested: [{ input }],
        output,
      }: {
        nested: [{ input: ChannelReader }];
        output: ChannelWriter;
      }) => {
        output.sendMessage('counting');
        const all = await input.readAll();
        output.sendMessage('done');
        output.stream.end(Buffer.from(String(all.length)));
        return all.length;
      },
    );
    await offered(caller, 'bytes::count');
    const [there, back] = [await createChannel(caller), await createChannel(caller)];
    const messages: string[] = [];
    back.reader.onMessage((message) => messages.push(message));
    const answer = back.reader.readAll();
    there.writer.stream.end(Buffer.alloc(300_000));
    const result = await caller.trigger({
      function_id: 'bytes::count',
      payload: { nested: [{ input: there.readerRef }], output: back.writerRef },
    });
    expect([result, String(await answer), messages]).toEqual([300_000, '300000', ['counting', 'done']]);
  });

  for (const pair of PAIRS) {
    check(
      `bytes arrive as they were sent: ${pair.writer} writer, ${pair.reader} reader`,
      async () => {
        const wire = await bench.worker('maker');
        for (const chunkBytes of [1024, 64 * 1024, MIB]) {
          const refs = await create(wire);
          const reader = end(pair.reader, refs.reader);
          const writer = end(pair.writer, refs.writer, {
            bytes: chunkBytes === 1024 ? 4 * MIB : 32 * MIB,
            chunkBytes,
          });
          const [sent, received] = await Promise.all([writer.outcome, reader.outcome]);
          expect(sent.event).toBe('ended');
          expect(received).toEqual(sent);
        }
        expect(await list(wire)).toEqual([]);
      },
      60_000,
    );
  }

  check(
    'kill -9 of a writer is an error for our reader, and of a reader for our writer',
    async () => {
      const wire = await bench.worker('maker');
      for (const victim of ['writer', 'reader'] as const) {
        const refs = await create(wire);
        const reader = end('ours', refs.reader, { bytesPerSecond: 4 * MIB });
        const writer = end('ours', refs.writer, { bytes: 1024 * MIB, chunkBytes: 64 * 1024 });
        await reader.connected;
        const [killed, survivor] = victim === 'writer' ? [writer, reader] : [reader, writer];
        await killed.kill();
        expect(await survivor.outcome).toMatchObject({ event: 'failed' });
        await survivor.kill();
      }
      expect(await list(wire)).toEqual([]);
    },
    30_000,
  );

  check(
    '500 channels at once all complete and leave nothing behind',
    async () => {
      const wire = await bench.worker('maker');
      const chunk = Buffer.alloc(64 * 1024, 3);
      const transfer = async () => {
        const refs = await create(wire);
        const [reader, writer] = await Promise.all([
          attach(pathOf(refs.reader)),
          attach(pathOf(refs.writer)),
        ]);
        let bytes = 0;
        reader.socket.on('message', (data: Buffer) => {
          bytes += data.length;
          reader.items.length = 0;
        });
        for (let i = 0; i < 4; i++) writer.socket.send(chunk);
        writer.socket.close(1000);
        expect((await reader.closed)[0]).toBe(1000);
        return bytes;
      };
      const all = await Promise.all(Array.from({ length: 500 }, transfer));
      expect(new Set(all)).toEqual(new Set([4 * chunk.length]));
      expect(await list(wire)).toEqual([]);
    },
    60_000,
  );
});
