import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { driverReport } from 'iii-listener';
import type { EngineFrame, FramePort } from 'iii-protocol';
import { rawFromText, textOfRaw } from 'iii-protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Engine } from './engine.js';
import type { EngineLimits } from './options.js';
import { partsOf } from './test-support.js';

type Frame = Readonly<Record<string, unknown>> & { readonly type: string };

/** A worker on a real socket. */
class Wire {
  readonly frames: Frame[] = [];
  readonly texts: string[] = [];
  #waiting: Array<() => void> = [];

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => {
      this.texts.push(String(data));
      this.frames.push(JSON.parse(String(data)) as Frame);
      for (const wake of this.#waiting.splice(0)) wake();
    });
  }

  send(frame: object | string): this {
    this.socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    return this;
  }

  announce(data: object = {}): this {
    const function_id = 'engine::workers::register';
    return this.send({ type: 'invokefunction', function_id, data, action: { type: 'void' } });
  }

  async frame(fits: (frame: Frame) => boolean): Promise<Frame> {
    for (;;) {
      const found = this.frames.find(fits);
      if (found !== undefined) return found;
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Calls a function and waits for the answer. */
  async call(id: string, functionId: string, data: unknown = {}): Promise<Frame> {
    this.send({ type: 'invokefunction', invocation_id: id, function_id: functionId, data });
    return this.frame((frame) => frame.type === 'invocationresult' && frame.invocation_id === id);
  }

  async closed(): Promise<{ code: number; reason: string }> {
    const [code, reason] = (await once(this.socket, 'close')) as [number, Buffer];
    return { code, reason: String(reason) };
  }
}

const USE_BATCH = '{"type":"useextensions","extensions":["batch"]}';
/** As one of several frames in a message. */
const PING = '000f{"type":"ping"}';

/** What comes back for these, but the greeting. */
async function pongsTo({ socket }: Wire, messages: readonly string[]): Promise<string> {
  const texts: string[] = [];
  socket.removeAllListeners('message');
  socket.on('message', (data) => texts.push(String(data)));
  for (const message of messages) socket.send(message);
  // A control frame may pass what waits for the end of its turn, but not what turns before it have sent.
  for (let n = 0; n < 2; n++) {
    socket.ping();
    await once(socket, 'pong');
  }
  return texts.filter((text) => !text.includes('workerregistered')).join('');
}

const ID = '11111111-2222-4333-8444-555555555555';

const { uws } = await driverReport();
const drivers = [
  { driver: 'node' as const, title: 'node' },
  {
    driver: 'uws' as const,
    title: uws.available ? 'uws' : `uws (skipped: ${uws.reason})`,
    skip: !uws.available,
  },
];

describe.each(drivers)('an engine on $title', ({ driver, skip }) => {
  const engines: Engine[] = [];
  const sockets: WebSocket[] = [];

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.terminate();
    for (const engine of engines.splice(0)) await engine.close();
  });

  async function start(limits: Partial<EngineLimits> = {}) {
    const engine = new Engine({ version: '1.2.3', limits });
    engines.push(engine);
    const listener = await engine.listen({ port: 0, driver });
    return { engine, listener, url: `ws://${listener.address}` };
  }

  async function connect(url: string, path = '/', headers: Record<string, string> = {}): Promise<Wire> {
    const socket = new WebSocket(url + path, { headers });
    sockets.push(socket);
    const wire = new Wire(socket);
    await once(socket, 'open');
    return wire;
  }

  function get(url: string, path: string, options: http.RequestOptions = {}) {
    return new Promise<{ status: number; body: string; allow: string | undefined }>((resolve, reject) => {
      const request = http.request(
        url.replace('ws:', 'http:') + path,
        { agent: false, ...options },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, body, allow: response.headers.allow }),
          );
        },
      );
      request.on('error', reject).end();
    });
  }

  async function refused(url: string): Promise<number> {
    const socket = new WebSocket(url);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, http.IncomingMessage];
    response.resume();
    socket.on('error', () => {}).terminate();
    return response.statusCode ?? 0;
  }

  it.skipIf(skip)('names its driver and the port it got', async () => {
    const { listener } = await start();
    expect(listener.driver).toBe(driver);
    expect(listener.port).toBeGreaterThan(0);
    expect(listener.address).toBe(`127.0.0.1:${listener.port}`);
  });

  it.skipIf(skip).each(['/', '/?token=x', '/ws'])('greets workers on %s first of all', async (path) => {
    const { url } = await start();
    const wire = await connect(url, path);
    await wire.frame(() => true);
    expect(wire.texts[0]).toMatch(
      /^\{"type":"workerregistered","worker_id":"[0-9a-f-]{36}","reattach_token":"[0-9a-f-]{36}","extensions":\["cancel","parts","batch"\]\}$/,
    );
  });

  it.skipIf(skip)('takes several frames in one message, and answers in one, where asked to', async () => {
    const { url } = await start();
    const pongs = await pongsTo(await connect(url), [USE_BATCH, `#${PING.repeat(3)}`]);
    expect(pongs).toBe('#000f{"type":"pong"}000f{"type":"pong"}000f{"type":"pong"}');
  });

  it.skipIf(skip).each([
    [512 * 1024 - 1, ['cancel', 'parts'], ''],
    [512 * 1024, ['cancel', 'parts', 'batch'], '{"type":"pong"}'],
  ])('where messages have up to %d bytes, offers %j', async (maxMessageBytes, offered, pongs) => {
    const { url } = await start({ maxMessageBytes });
    const wire = await connect(url);
    const { extensions } = await wire.frame((frame) => frame.type === 'workerregistered');
    expect(extensions).toEqual(offered);
    expect(await pongsTo(wire, [USE_BATCH, `#${PING}`])).toBe(pongs);
  });

  it.skipIf(skip).each(['/otel', '/ws/otel'])('takes telemetry on %s and says nothing', async (path) => {
    const { engine, url } = await start();
    const wire = await connect(url, path);
    wire.socket.send(Buffer.from('OTLP{"resourceSpans":[]}'));
    wire.socket.send(Buffer.from('anything'));
    wire.socket.send('{"type":"ping"}');
    wire.socket.ping();
    await once(wire.socket, 'pong');
    expect([wire.frames, engine.status.sessions]).toEqual([[], 0]);
  });

  it.skipIf(skip).each([
    ['/', {}, 400, /^Connection header must include "upgrade"$/],
    ['/', { headers: { connection: 'upgrade' } }, 400, /^Upgrade header must include "websocket"$/],
    ['/', { method: 'POST' }, 405, /^$/],
    ['/otel', { method: 'DELETE' }, 405, /^$/],
    ['/nothing', {}, 404, /^$/],
    ['/ws/channels/x', {}, 400, /"key"/],
    ['/ws/channels/x?key=a&key=b&dir=read', {}, 400, /"key"/],
    ['/ws/channels/x?key=a&dir=sideways', {}, 400, /"dir"/],
    ['/ws/channels/x?key=a&dir=read', { method: 'PUT' }, 405, /^$/],
    ['/ws/channels/x?key=a&dir=read', {}, 400, /^Connection header/],
  ])('answers a plain request to %s with %j by %d', async (path, options, status, body) => {
    const { url } = await start();
    const answer = await get(url, path, options);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatch(body);
    if (status === 405) expect(answer.allow).toBe('GET');
  });

  it.skipIf(skip).each([
    ['/nothing', 404],
    ['/ws/channels/unknown?key=k&dir=read', 404],
    ['/ws/channels/unknown?key=k', 400],
  ])('refuses a socket on %s with %d', async (path, status) => {
    const { url } = await start();
    expect(await refused(url + path)).toBe(status);
  });

  it.skipIf(skip)('answers pings of the socket, with their payload', async () => {
    const { url } = await start();
    const wire = await connect(url);
    wire.socket.ping('payload');
    const [pong] = (await once(wire.socket, 'pong')) as [Buffer];
    expect(String(pong)).toBe('payload');
  });

  it.skipIf(skip)('carries payloads byte for byte between workers', async () => {
    const { url } = await start();
    const provider = (await connect(url)).announce({ name: 'p' }).send({ type: 'registerfunction', id: 'f' });
    const caller = await connect(url);
    await caller.call('21111111-2222-4333-8444-555555555555', 'engine::functions::info', {
      function_id: 'f',
    });
    const payload = '[{"n": 9007199254740993, "x": 1.0}, "é\\u00e9😀"]';
    caller.send(`{"type":"invokefunction","invocation_id":"${ID}","function_id":"f","data":${payload}}`);
    const invocation = await provider.frame((frame) => frame.type === 'invokefunction');
    expect(provider.texts.at(-1)).toContain(`"data":${payload}`);
    provider.send(
      `{"type":"invocationresult","invocation_id":"${String(invocation.invocation_id)}","function_id":"f","result":${payload}}`,
    );
    await caller.frame((frame) => frame.invocation_id === ID);
    expect(caller.texts.at(-1)).toContain(`"result":${payload}`);
  });

  it.skipIf(skip)('carries a payload of 12 MiB in one frame', async () => {
    const { url } = await start();
    const provider = (await connect(url)).announce({}).send({ type: 'registerfunction', id: 'f' });
    const data = 'x'.repeat(12 * 1024 * 1024);
    const answer = (await connect(url)).call(ID, 'f', data);
    const invocation = await provider.frame((frame) => frame.type === 'invokefunction');
    expect(invocation.data === data).toBe(true);
    provider.send({
      type: 'invocationresult',
      invocation_id: invocation.invocation_id,
      function_id: 'f',
      result: data,
    });
    expect((await answer).result === data).toBe(true);
  });

  it.skipIf(skip)('takes frames in parts, and serves others between them', async () => {
    const { url } = await start();
    const provider = (await connect(url)).announce({}).send({ type: 'registerfunction', id: 'f' });
    const inParts = (wire: Wire, frame: object) =>
      partsOf(Buffer.from(JSON.stringify(frame))).map((part) => () => wire.socket.send(part));
    const data = { items: Array.from({ length: 50_000 }, (_, id) => ({ id, name: `näme ${id}` })) };
    const caller = await connect(url);
    const parts = inParts(caller, { type: 'invokefunction', invocation_id: ID, function_id: 'f', data });
    expect(parts.length).toBeGreaterThan(5);
    for (const send of parts.slice(0, 5)) send();
    const other = (await connect(url)).send({ type: 'ping' });
    await other.frame(({ type }) => type === 'pong');
    for (const send of parts.slice(5)) send();
    const invocation = await provider.frame((frame) => frame.type === 'invokefunction');
    expect(invocation.data).toMatchObject(data);
    const { invocation_id } = invocation;
    for (const send of inParts(provider, {
      type: 'invocationresult',
      invocation_id,
      function_id: 'f',
      result: data,
    })) {
      send();
    }
    expect((await caller.frame((frame) => frame.invocation_id === ID)).result).toEqual(data);
  });

  it.skipIf(skip)('closes with 1009 what sends more than may be sent, and goes on', async () => {
    const { engine, url } = await start({ maxMessageBytes: 2048 });
    const wire = await connect(url);
    const closed = wire.closed();
    wire.socket.on('error', () => {});
    wire.send('x'.repeat(3000));
    expect((await closed).code).toBe(1009);
    const other = await connect(url);
    await other.frame((frame) => frame.type === 'workerregistered');
    expect(engine.status.sessions).toBe(1);
  });

  it.skipIf(skip)('drops with 1013 what does not read, without holding others up', async () => {
    const { url } = await start({ maxOutboxBytes: 1024 * 1024 });
    const stuck = (await connect(url))
      .announce({ name: 'stuck' })
      .send({ type: 'registerfunction', id: 'stuck' });
    const fine = (await connect(url))
      .announce({ name: 'fine' })
      .send({ type: 'registerfunction', id: 'fine' });
    const caller = await connect(url);
    await caller.call('21111111-2222-4333-8444-555555555555', 'engine::functions::info', {
      function_id: 'stuck',
    });
    stuck.socket.pause();
    const closed = stuck.closed();
    const data = 'x'.repeat(256 * 1024);
    // More than the outbox and the kernel's buffers take together.
    for (let i = 0; i < 64; i++) {
      caller.send({ type: 'invokefunction', function_id: 'stuck', data, action: { type: 'void' } });
    }
    const answer = caller.call(ID, 'fine');
    const invocation = await fine.frame((frame) => frame.type === 'invokefunction');
    fine.send({
      type: 'invocationresult',
      invocation_id: invocation.invocation_id,
      function_id: 'fine',
      result: 1,
    });
    expect((await answer).result).toBe(1);
    const gone = await caller.call('31111111-2222-4333-8444-555555555555', 'stuck');
    expect(gone.error).toMatchObject({ code: 'function_not_found' });
    stuck.socket.resume();
    expect((await closed).code).toBe(1013);
  });

  it.skipIf(skip)('tells the caller when a Python worker could not have read the payload', async () => {
    const { url } = await start();
    const python = await connect(url, '/', { 'user-agent': 'Python/3.11 websockets/15.0' });
    python.announce({ name: 'py' }).send({ type: 'registerfunction', id: 'py::f' });
    const caller = await connect(url);
    const answer = await caller.call(ID, 'py::f', 'x'.repeat(1024 * 1024));
    expect(answer.error).toMatchObject({
      code: 'payload_too_large',
      message: expect.stringContaining('1048576') as string,
    });
    const small = caller.call('21111111-2222-4333-8444-555555555555', 'py::f', 'x'.repeat(1000));
    const invocation = await python.frame((frame) => frame.type === 'invokefunction');
    python.send({ type: 'invocationresult', invocation_id: invocation.invocation_id, function_id: 'py::f' });
    expect((await small).error).toBeUndefined();
  });

  it.skipIf(skip)('notices at once that a worker is gone, however it went', async () => {
    const { url } = await start();
    for (const leave of ['close', 'terminate'] as const) {
      const worker = (await connect(url)).announce({}).send({ type: 'registerfunction', id: 'slow' });
      const caller = await connect(url);
      const answer = caller.call(ID, 'slow');
      await worker.frame((frame) => frame.type === 'invokefunction');
      worker.socket[leave]();
      expect((await answer).error).toEqual({ code: 'invocation_stopped', message: 'Invocation stopped' });
      caller.socket.terminate();
    }
  });

  it.skipIf(skip)(
    'lets what is in flight finish at its end, answers the rest, and closes with 1012',
    async () => {
      const { engine, url } = await start();
      const worker = (await connect(url)).announce({}).send({ type: 'registerfunction', id: 'slow' });
      const caller = await connect(url);
      const [quick, never] = [
        caller.call(ID, 'slow', 'quick'),
        caller.call('21111111-2222-4333-8444-555555555555', 'slow', 'never'),
      ];
      await worker.frame((frame) => frame.data === 'never');
      const closed = Promise.all([worker.closed(), caller.closed()]);
      const closing = engine.close({ graceMs: 100 });
      expect(await refused(url)).toBe(503);
      const first = await worker.frame((frame) => frame.data === 'quick');
      worker.send({
        type: 'invocationresult',
        invocation_id: first.invocation_id,
        function_id: 'slow',
        result: 1,
      });
      expect((await quick).result).toBe(1);
      expect((await never).error).toMatchObject({ code: 'invocation_stopped' });
      expect((await closed).map(({ code }) => code)).toEqual([1012, 1012]);
      await closing;
      await engine.close();
      const probe = net.connect({ host: '127.0.0.1', port: Number(new URL(url).port) });
      const [error] = (await once(probe, 'error')) as [NodeJS.ErrnoException];
      expect(error.code).toBe('ECONNREFUSED');
    },
  );

  it.skipIf(skip)('ends at once when nothing is in flight', async () => {
    const { engine, url } = await start();
    await connect(url);
    const started = performance.now();
    await engine.close({ graceMs: 60_000 });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});

describe('a port in the process', () => {
  const identity = { name: 'iii-test', instance: 'iii-test', version: '1' };

  function open(engine: Engine) {
    const port: FramePort = engine.connect(identity);
    const frames: EngineFrame[] = [];
    let closed: string | undefined;
    let wake: () => void = () => {};
    port.receive({
      frame: (frame) => {
        frames.push(frame);
        wake();
      },
      closed: (reason) => {
        closed = reason;
        wake();
      },
    });
    const until = async (holds: () => boolean) => {
      while (!holds()) await new Promise<void>((resolve) => (wake = resolve));
    };
    return { port, frames, until, reason: () => closed };
  }

  it('is served as any worker is, in order, and never inside its own sends', async () => {
    const engine = new Engine();
    const a = open(engine);
    const b = open(engine);
    a.port.send({ type: 'registerfunction', id: 'f' });
    for (const n of [1, 2, 3]) {
      b.port.send({
        type: 'invokefunction',
        function_id: 'f',
        data: rawFromText(String(n)),
        action: { type: 'void' },
      });
    }
    expect(a.frames).toEqual([]);
    await a.until(() => a.frames.length === 4);
    expect(a.frames.map((f) => (f.type === 'invokefunction' ? textOfRaw(f.data) : f.type))).toEqual([
      'workerregistered',
      '1',
      '2',
      '3',
    ]);
    await engine.close();
  });

  it('ends with the engine, and the engine forgets it when it ends', async () => {
    const engine = new Engine();
    const a = open(engine);
    const b = open(engine);
    b.port.close();
    b.port.close();
    b.port.send({ type: 'ping' });
    expect(engine.status).toEqual({ sessions: 1, inFlight: 0, bufferedBytes: 0 });
    await engine.close();
    await a.until(() => a.reason() !== undefined);
    expect(a.reason()).toBe('the engine is shutting down');
    expect(b.reason()).toBeUndefined();
    expect(engine.status.sessions).toBe(0);
  });
});
