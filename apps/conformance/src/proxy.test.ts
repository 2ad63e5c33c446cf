import { once } from 'node:events';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { TcpProxy } from './proxy.js';
import { numbers } from './random.js';

/** A listener, a proxy in front of it, and a connection through both. */
async function connection(seed?: number) {
  const server = net.createServer({ allowHalfOpen: true });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const proxy = await TcpProxy.start(`ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`, seed);
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const ends: net.Socket[] = [];
  server.on('connection', (socket) => ends.push(socket.on('error', () => {})));
  const worker = net.connect({
    port: Number(new URL(proxy.url).port),
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const [engine] = await accepted;
  worker.on('error', () => {});
  open.push(async () => {
    for (const socket of [worker, ...ends]) socket.destroy();
    await proxy.stop();
    await new Promise((resolve) => server.close(resolve));
  });
  return { proxy, worker, engine, ends };
}

const open: Array<() => Promise<void>> = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
});

/** Resolves when the socket is closed, however it came to that. */
function closing(socket: net.Socket): Promise<void> {
  return new Promise((resolve) => socket.once('close', () => resolve()));
}

/** Reads exactly so many bytes, and tells in how many pieces they came. */
async function read(socket: net.Socket, bytes: number): Promise<{ data: Buffer; pieces: number }> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < bytes) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    chunks.push(chunk);
    length += chunk.length;
  }
  return { data: Buffer.concat(chunks), pieces: chunks.length };
}

describe('the proxy', () => {
  it('passes bytes on unchanged in both directions, and the end of each', async () => {
    const { worker, engine } = await connection();
    const sent = Buffer.alloc(300_000, 'abc');
    worker.write(sent);
    expect((await read(engine, sent.length)).data.equals(sent)).toBe(true);
    engine.end('bye');
    expect(String((await read(worker, 3)).data)).toBe('bye');
    const ended = once(engine, 'end');
    worker.end();
    engine.resume();
    await ended;
  });

  it('passes on no more than it is told before it cuts both ends', async () => {
    const { proxy, ends } = await connection();
    const cut = proxy.cutNext(10);
    const worker = net.connect(Number(new URL(proxy.url).port), '127.0.0.1');
    worker.on('error', () => {});
    const closed = closing(worker);
    worker.write('x'.repeat(1_000));
    await Promise.all([cut, closed]);
    expect(ends.at(-1)?.bytesRead ?? 0).toBeLessThanOrEqual(10);
  });

  it('leaves the engine with a silent connection when only the worker is cut', async () => {
    const { proxy, worker, engine } = await connection();
    worker.write('hello');
    await read(engine, 5);
    const closed = closing(worker);
    proxy.cut('worker');
    await closed;
    expect([engine.destroyed, engine.readableEnded]).toEqual([false, false]);
    expect(engine.write('into the void')).toBe(true);
  });

  it('leaves the worker with a silent connection when only the engine is cut', async () => {
    const { proxy, worker, engine } = await connection();
    worker.write('hello');
    await read(engine, 5);
    const closed = closing(engine);
    proxy.cut('engine');
    await closed;
    expect([worker.destroyed, worker.readableEnded]).toEqual([false, false]);
  });

  it('does not read a direction that it holds, and loses nothing of it', async () => {
    const { proxy, worker, engine } = await connection();
    worker.write('a');
    await read(engine, 1);
    proxy.hold('up');
    const sent = Buffer.alloc(20_000_000, 1);
    let drained = false;
    worker.write(sent, () => (drained = true));
    engine.write('still open downwards');
    await read(worker, 20);
    expect(drained).toBe(false);
    proxy.resume('up');
    expect((await read(engine, sent.length)).data.equals(sent)).toBe(true);
  });

  it('slices what it passes on', async () => {
    const { proxy, worker, engine } = await connection();
    proxy.shape('up', { sliceBytes: 1, delayMs: 1 });
    worker.write('0123456789');
    const { data, pieces } = await read(engine, 10);
    expect(String(data)).toBe('0123456789');
    expect(pieces).toBeGreaterThan(1);
  });

  it('passes on no faster than it is told', async () => {
    const { proxy, worker, engine } = await connection();
    proxy.shape('up', { bytesPerSecond: 100_000, sliceBytes: 1_000 });
    const started = performance.now();
    worker.write(Buffer.alloc(20_000));
    await read(engine, 20_000);
    expect(performance.now() - started).toBeGreaterThan(150);
  });

  it('draws the same numbers from the same seed', () => {
    const draw = (seed: number) => {
      const random = numbers(seed);
      return Array.from({ length: 20 }, () => random(1_000));
    };
    expect(draw(7)).toEqual(draw(7));
    expect(draw(7)).not.toEqual(draw(8));
  });
});
