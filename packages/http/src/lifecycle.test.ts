import { once } from 'node:events';
import net from 'node:net';
import { systemClock } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { gate, LogBook, settled, TestEngine } from 'iii-testing';
import { memoryStores, readConfig } from 'iii-worker';
import { describe, expect, it, vi } from 'vitest';
import { HttpConfig } from './config.js';
import { addressOf, ask, drivers, TestBed, told } from './test-support.js';
import { httpWorker } from './worker.js';

const configOf = (given: Partial<HttpConfig>) => readConfig('iii-http', HttpConfig, given);

async function typesOf(client: IIIClient): Promise<string[]> {
  const { triggers } = await client.trigger<unknown, { triggers: Array<{ id: string }> }>({
    function_id: 'engine::triggers::list',
  });
  return triggers.map(({ id }) => id);
}

/** A connection on which requests are made one after the other. */
function keepAlive(address: string) {
  const [host, port] = address.split(':');
  const socket = net.connect(Number(port), host);
  socket.on('error', () => {});
  return {
    socket,
    async get(path: string): Promise<string> {
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
      const [data] = (await once(socket, 'data')) as [Buffer];
      return data.toString();
    },
  };
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

const isRefused = (address: string) =>
  ask(address, '/').then(
    () => false,
    (error: NodeJS.ErrnoException) => error.code === 'ECONNREFUSED',
  );

describe.each(drivers)('starting and stopping, driver %s', (driver) => {
  it('tells where it serves, also when the port was left to the system', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    expect(bed.http.endpoints).toEqual([
      { purpose: 'http', address: expect.stringMatching(/^127\.0\.0\.1:[1-9]\d*$/), driver },
    ]);
    expect((await bed.ask('/')).status).toBe(404);
  });

  it('fails with the address and the reason when the port is taken, and serves no triggers then', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    const port = Number(bed.address.split(':')[1]);
    await using other = new TestEngine();
    const client = await other.client();
    await expect(other.start(httpWorker, { port, driver })).rejects.toThrow(
      `127.0.0.1:${port} is already in use: stop the other process, or choose another port`,
    );
    expect(await typesOf(client)).not.toContain('http');
  });

  it('serves what was bound before it started, as soon as it does', async () => {
    await using engine = new TestEngine();
    const app = await engine.client('app');
    app.registerFunction('f', () => 'early');
    app.registerTrigger({ type: 'http', function_id: 'f', config: { api_path: '/a' } });
    const running = await engine.start(httpWorker, { port: 0, driver });
    expect((await ask(addressOf(running), '/a')).json).toBe('early');
  });

  it('a worker that goes away leaves no route behind', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    const leaving = await bed.engine.client('leaving');
    await bed.route('/a', () => 1, { on: leaving });
    expect((await bed.ask('/a')).status).toBe(200);
    await leaving.shutdown();
    await settled();
    expect((await bed.ask('/a')).status).toBe(404);
  });

  it('finishes what it has when it stops, and takes nothing new', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    const [called, answer] = [gate(), gate<string>()];
    await bed.route('/a', () => {
      called.open();
      return answer.opened;
    });
    const { address } = bed;
    const asked = ask(address, '/a');
    await called.opened;
    const stopped = bed.http.stop();
    await vi.waitUntil(() => isRefused(address));
    expect(await typesOf(bed.app)).not.toContain('http');
    answer.open('done');
    expect((await asked).json).toBe('done');
    await stopped;
    await bed.http.stop();
  });

  it('answers 503 to what it still has when it must stop at once', async () => {
    await using engine = new TestEngine();
    const app = await engine.client('app');
    const called = gate();
    const abort = new AbortController();
    app.registerFunction('never', () => {
      called.open();
      return new Promise(() => {});
    });
    app.registerTrigger({ type: 'http', function_id: 'never', config: { api_path: '/a' } });
    const running = await httpWorker.start({
      iii: await engine.client('iii-http'),
      config: configOf({ port: 0, driver }),
      name: 'iii-http',
      storage: memoryStores(),
      logger: new LogBook(),
      clock: systemClock,
      signal: abort.signal,
    });
    const asked = ask(addressOf(running), '/a');
    await called.opened;
    const stopped = running.stop();
    abort.abort();
    expect(await asked).toMatchObject({ status: 503, json: { error: { code: 'SHUTTING_DOWN' } } });
    await stopped;
  });

  it('its triggers wait while it is gone, and are served by the next one', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    await bed.route('/a', () => 1);
    await bed.http.stop();
    const next = await bed.engine.start(httpWorker, { port: 0, driver });
    expect((await ask(addressOf(next), '/a')).status).toBe(200);
  });
});

describe.each(drivers)('a changed configuration, driver %s', (driver) => {
  /** The configuration as it is, with what is changed; a port of 0 is the same as before. */
  const changed = (given: Partial<HttpConfig>) => configOf({ port: 0, driver, ...given });

  it('counts for new requests on connections that stand', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    await bed.route('/a', () => 1);
    bed.app.registerFunction('auth', () => ({ action: 'respond', response: { status_code: 401 } }));
    const connection = keepAlive(bed.address);
    expect(await connection.get('/a')).toContain('access-control-allow-origin: *');
    const middleware = [{ function_id: 'auth', phase: 'preHandler' as const, priority: 0 }];
    const cors = { allowed_origins: ['http://ok.com'], allowed_methods: [] };
    await bed.http.reconfigure?.(
      changed({ middleware, cors, request_id_header: 'X-Id', security_headers: true }),
    );
    const after = await connection.get('/a');
    expect(after).toMatch(/^HTTP\/1\.1 401 /);
    expect(after).not.toContain('access-control-allow-origin');
    expect(after).toMatch(/\r\nx-content-type-options: nosniff\r\n/);
    expect(after).toMatch(/\r\nx-id: [0-9a-f-]{36}\r\n/);
    connection.socket.destroy();
  });

  it('leaves requests in flight what they began with, and lets those that wait in when there is more room', async () => {
    await using bed = await TestBed.open({ config: { driver, concurrency_request_limit: 1 } });
    const [called, answer] = [gate(), gate<number>()];
    await bed.route('/slow', () => {
      called.open();
      return answer.opened;
    });
    await bed.route('/a', () => 2);
    const first = bed.ask('/slow');
    await called.opened;
    const second = bed.ask('/a');
    const cors = { allowed_origins: ['http://ok.com'], allowed_methods: [] };
    await bed.http.reconfigure?.(changed({ concurrency_request_limit: 2, cors }));
    expect((await second).json).toBe(2);
    answer.open(1);
    expect((await first).headers['access-control-allow-origin']).toBe('*');
  });

  it('with another port serves there; the old one finishes what it has and closes idle connections', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    const [called, answer] = [gate(), gate<number>()];
    await bed.route('/slow', () => {
      called.open();
      return answer.opened;
    });
    await bed.route('/a', () => 1);
    const before = bed.address;
    const idle = keepAlive(before);
    await idle.get('/a');
    const asked = bed.ask('/slow');
    await called.opened;
    const port = await freePort();
    await bed.http.reconfigure?.(changed({ port }));
    expect(bed.address).toBe(`127.0.0.1:${port}`);
    expect((await bed.ask('/a')).status).toBe(200);
    await vi.waitUntil(() => isRefused(before));
    answer.open(1);
    expect((await asked).json).toBe(1);
    if (!idle.socket.closed) await once(idle.socket, 'close');
    expect(bed.log.of('info').map(({ message }) => message)).toContain(
      `http moved to 127.0.0.1:${port} (driver ${driver})`,
    );
  });

  it('whose port is taken is refused, and nothing changes', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    await using other = await TestBed.open({ config: { driver } });
    await bed.route('/a', () => 1);
    const before = bed.address;
    const connection = keepAlive(before);
    await connection.get('/a');
    const taken = Number(other.address.split(':')[1]);
    const cors = { allowed_origins: ['http://ok.com'], allowed_methods: [] };
    await expect(bed.http.reconfigure?.(changed({ port: taken, cors }))).rejects.toThrow('already in use');
    expect(bed.address).toBe(before);
    expect(await connection.get('/a')).toContain('access-control-allow-origin: *');
    connection.socket.destroy();
  });

  it('may widen the host on the same port', async () => {
    const port = await freePort();
    await using bed = await TestBed.open({ config: { driver, port } });
    await bed.route('/a', () => 1);
    await bed.http.reconfigure?.(changed({ port, host: '0.0.0.0' }));
    expect(bed.address).toBe(`0.0.0.0:${port}`);
    expect((await ask(`127.0.0.1:${port}`, '/a')).status).toBe(200);
  });

  it('that cannot take the place of the old one on the same port leaves the old one', async () => {
    const port = await freePort();
    await using bed = await TestBed.open({ config: { driver, port } });
    await bed.route('/a', () => 1);
    // Somebody else has the port on another loopback address, so that all addresses together cannot be bound.
    const other = net.createServer().listen(port, '127.0.0.2');
    await once(other, 'listening');
    await expect(bed.http.reconfigure?.(changed({ port, host: '0.0.0.0' }))).rejects.toThrow(
      'already in use',
    );
    expect(bed.address).toBe(`127.0.0.1:${port}`);
    expect((await bed.ask('/a')).status).toBe(200);
    other.close();
    await once(other, 'close');
  });

  it.runIf(drivers.length > 1)('may change the driver on the same port', async () => {
    const port = await freePort();
    await using bed = await TestBed.open({ config: { driver, port } });
    await bed.route('/a', () => 1);
    const other = driver === 'uws' ? 'node' : 'uws';
    await bed.http.reconfigure?.(changed({ port, driver: other }));
    expect(bed.http.endpoints).toMatchObject([{ address: `127.0.0.1:${port}`, driver: other }]);
    expect((await bed.ask('/a')).status).toBe(200);
  });

  it('changes come one after the other, and none after the end', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    const [one, two, three] = [await freePort(), await freePort(), await freePort()];
    const moves = [
      bed.http.reconfigure?.(changed({ port: one })),
      bed.http.reconfigure?.(changed({ port: two })),
    ];
    await Promise.all(moves);
    expect(bed.address).toBe(`127.0.0.1:${two}`);
    expect(await isRefused(`127.0.0.1:${one}`)).toBe(true);
    const stopped = bed.http.stop();
    await bed.http.reconfigure?.(changed({ port: three }));
    await stopped;
    expect(await isRefused(`127.0.0.1:${three}`)).toBe(true);
  });

  it('origins that a star makes void are worth a warning', async () => {
    const cors = { allowed_origins: ['*', 'http://ok.com'], allowed_methods: [] };
    await using bed = await TestBed.open({ config: { driver, cors } });
    await told(bed.app);
    expect(bed.log.of('warn').map(({ message }) => message)).toContain(
      'cors.allowed_origins has "*" among others: every origin is allowed',
    );
  });
});
