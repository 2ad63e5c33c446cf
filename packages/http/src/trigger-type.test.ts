import { once } from 'node:events';
import net from 'node:net';
import { systemClock } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { gate, LogBook, settled, TestEngine } from 'iii-testing';
import { memoryStores, readConfig } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { HttpConfig } from './config.js';
import { addressOf, ask, remoteClient, TestBed, told } from './test-support.js';
import { httpWorker } from './worker.js';

const call = (client: IIIClient, function_id: string, payload: object = {}) =>
  client.trigger<object, Record<string, unknown>>({ function_id, payload });

async function registeredIds(client: IIIClient, options: object = {}): Promise<string[]> {
  const { registered_triggers } = await call(client, 'engine::registered-triggers::list', options);
  return (registered_triggers as Array<{ id: string }>).map(({ id }) => id);
}

describe('the trigger type', () => {
  it('is published with complete schemas of its config and of what handlers are called with', async () => {
    await using bed = await TestBed.open();
    await bed.route('/a', () => 1);
    const info = await call(bed.app, 'engine::triggers::info', { id: 'http' });
    expect(info).toMatchObject({
      id: 'http',
      namespace: 'default',
      worker_name: 'iii-http',
      description: 'HTTP API trigger',
      instance_count: 1,
      configuration_schema: { title: 'HttpTriggerConfig', required: ['api_path'] },
      request_schema: {
        title: 'HttpCallRequest',
        required: ['body', 'headers', 'method', 'path', 'path_params', 'query_params'],
      },
    });
    const members = (schema: unknown) => Object.keys((schema as { properties: object }).properties);
    expect(members(info.configuration_schema)).toEqual([
      'api_path',
      'http_method',
      'condition_function_id',
      'middleware_function_ids',
    ]);
    const [payload] = await payloadsOf(bed);
    expect(members(info.request_schema)).toEqual(expect.arrayContaining(Object.keys(payload ?? {})));
  });

  it.each([
    [{}, 'api_path is required, and it is missing: set api_path in its config'],
    [null, 'api_path is required'],
    ['/a', 'api_path is required'],
    [{ api_path: 5 }, 'api_path is required, and it is 5, not a string'],
    [{ api_path: '/a/*' }, 'api_path "/a/*" has a segment "*"'],
    [{ api_path: '/{a' }, 'api_path "/{a" has a brace'],
    [{ api_path: '/a', http_method: 'TRACE' }, 'http_method "TRACE" is not served: use GET, POST'],
    [
      { api_path: '/taken/:y' },
      "Route 'GET /taken/:y' conflicts with already-registered route 'GET /taken/:x'",
    ],
  ])('refuses %j, and says why', async (config, reason) => {
    await using bed = await TestBed.open();
    await bed.route('/taken/:x', () => 1);
    expect(await bed.refusal(config)).toContain(reason);
    expect(await registeredIds(bed.app)).toHaveLength(1);
    expect((await bed.ask('/taken/1')).status).toBe(200);
  });

  it.each([
    { api_path: '/b', description: 'what it does', metadata: { a: 1 } },
    { api_path: '/b', http_method: null, condition_function_id: null, middleware_function_ids: null },
    { api_path: '/b', http_method: 'get' },
  ])('takes %j', async (config) => {
    await using bed = await TestBed.open();
    expect(await bed.refusal(config)).toBeUndefined();
    expect((await bed.ask('/b')).status).toBe(500);
  });

  it('tells the worker whose trigger it refuses, which stays connected', async () => {
    await using bed = await TestBed.open();
    const port = bed.engine.engine.connect({ name: 'raw', instance: 'raw', version: '0' });
    const told = gate<object>();
    port.receive({
      frame: (frame) => {
        if (frame.type === 'triggerregistrationresult') told.open(frame);
      },
      closed: () => {},
    });
    const raw = (text: string) => new TextEncoder().encode(text) as never;
    port.send({
      type: 'registertrigger',
      id: 'mine',
      trigger_type: 'http',
      function_id: 'f',
      config: raw('{"http_method":"GET"}'),
    });
    expect(await told.opened).toMatchObject({
      id: 'mine',
      trigger_type: 'http',
      function_id: 'f',
      error: {
        code: 'trigger_registration_failed',
        message: expect.stringContaining('api_path is required'),
      },
    });
    expect(await registeredIds(bed.app)).toEqual([]);
  });

  it('serves a route before its function is there, and after it is gone', async () => {
    await using bed = await TestBed.open();
    await bed.route('/a', undefined, { functionId: 'late' });
    const missing = { status: 500, json: { error: { code: 'function_not_found' } } };
    expect(await bed.ask('/a')).toMatchObject(missing);
    const late = bed.app.registerFunction('late', () => 1);
    expect((await bed.ask('/a')).json).toBe(1);
    late.unregister();
    expect(await bed.ask('/a')).toMatchObject(missing);
  });
});

/** What a handler is called with for one request. */
async function payloadsOf(bed: TestBed): Promise<object[]> {
  const payloads: object[] = [];
  await bed.route('/payload', (payload) => {
    const { _caller_worker_id, ...own } = payload as { _caller_worker_id?: unknown };
    payloads.push(own);
  });
  await bed.ask('/payload');
  return payloads;
}

describe('routes and their owners', () => {
  it.each([
    ['the old worker leaves', 'old'],
    ['the new worker leaves', 'new'],
  ])(
    'two versions of a worker bind the same path; the new one serves it, and when %s the other does',
    async (_, leaving) => {
      await using bed = await TestBed.open();
      for (const path of ['/plain', '/with/:id']) {
        const workers = {
          old: await bed.engine.client(`old of ${path}`),
          new: await bed.engine.client(`new of ${path}`),
        };
        for (const version of ['old', 'new'] as const) {
          await bed.route(path, () => version, { on: workers[version], functionId: `${version}${path}` });
        }
        const asked = path.replace(':id', '1');
        expect((await bed.ask(asked)).json).toBe('new');
        await workers[leaving as 'old' | 'new'].shutdown();
        await settled();
        const staying = leaving === 'old' ? 'new' : 'old';
        expect((await bed.ask(asked)).json).toBe(staying);
        await workers[staying].shutdown();
        await settled();
        expect((await bed.ask(asked)).status).toBe(404);
      }
    },
  );

  it('a trigger that is unregistered takes its own route and no newer one of the same path', async () => {
    await using bed = await TestBed.open();
    bed.app.registerFunction('one', () => 1);
    bed.app.registerFunction('two', () => 2);
    const config = { api_path: '/a' };
    const first = bed.app.registerTrigger({ type: 'http', function_id: 'one', config });
    const second = bed.app.registerTrigger({ type: 'http', function_id: 'two', config });
    await told(bed.app);
    first.unregister();
    await told(bed.app);
    expect((await bed.ask('/a')).json).toBe(2);
    second.unregister();
    await told(bed.app);
    expect((await bed.ask('/a')).status).toBe(404);
  });

  it('a trigger that is bound again elsewhere moves', async () => {
    await using bed = await TestBed.open();
    const port = bed.engine.engine.connect({ name: 'raw', instance: 'raw', version: '0' });
    port.receive({ frame: () => {}, closed: () => {} });
    const bind = async (config: object) => {
      const raw = new TextEncoder().encode(JSON.stringify(config)) as never;
      port.send({ type: 'registertrigger', id: 'mine', trigger_type: 'http', function_id: 'f', config: raw });
      await told(bed.app);
    };
    bed.app.registerFunction('f', () => 1);
    await bind({ api_path: '/a' });
    expect((await bed.ask('/a')).status).toBe(200);
    await bind({ api_path: '/b' });
    expect([(await bed.ask('/a')).status, (await bed.ask('/b')).status]).toEqual([404, 200]);
    await bind({ api_path: '/{bad' });
    expect((await bed.ask('/b')).status).toBe(404);
  });
});

/** A door to an engine that can be shut. */
async function door(address: string) {
  const { hostname, port } = new URL(address);
  const sockets = new Set<net.Socket>();
  let isOpen = true;
  const server = net.createServer((from) => {
    if (!isOpen) {
      from.destroy();
      return;
    }
    const to = net.connect(Number(port), hostname);
    for (const socket of [from, to]) {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => {
        sockets.delete(socket);
        from.destroy();
        to.destroy();
      });
    }
    from.pipe(to).pipe(from);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `ws://127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    shut() {
      isOpen = false;
      for (const socket of sockets) socket.destroy();
    },
    open() {
      isOpen = true;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function becomes(client: IIIClient, state: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = client.addConnectionStateListener((now) => {
      if (now !== state) return;
      queueMicrotask(() => stop());
      resolve();
    });
  });
}

describe('a worker in a process of its own', () => {
  async function openRemote(engine: TestEngine, address: string) {
    const iii = await remoteClient(address, 'iii-http');
    const running = await httpWorker.start({
      iii,
      config: readConfig('iii-http', HttpConfig, { port: 0 }),
      name: 'iii-http',
      storage: memoryStores(),
      logger: new LogBook(),
      clock: systemClock,
      signal: new AbortController().signal,
    });
    const app = await engine.client('app');
    return {
      iii,
      app,
      ask: (path: string) => ask(addressOf(running), path),
      async [Symbol.asyncDispose]() {
        await running.stop();
        await iii.shutdown();
      },
    };
  }

  it('has the routes of the engine again after its connection was lost, and none that went meanwhile', async () => {
    await using engine = new TestEngine();
    await using way = await door(await engine.listen());
    await using remote = await openRemote(engine, way.address);
    const { app, iii } = remote;
    app.registerFunction('f', () => 1);
    const bind = (api_path: string) =>
      app.registerTrigger({ type: 'http', function_id: 'f', config: { api_path } });
    bind('/stays');
    const leaving = bind('/leaves');
    while ((await remote.ask('/leaves')).status !== 200) await settled();

    const lost = becomes(iii, 'reconnecting');
    way.shut();
    await lost;
    leaving.unregister();
    bind('/comes');
    await told(app);
    // Until it is told otherwise, it serves what it knows.
    way.open();
    await becomes(iii, 'connected');
    await iii.ready();
    while ((await remote.ask('/leaves')).status !== 404) await settled();
    expect((await remote.ask('/stays')).status).toBe(200);
    expect((await remote.ask('/comes')).status).toBe(200);
  });

  it('calls and answers over its connection', async () => {
    await using engine = new TestEngine();
    await using remote = await openRemote(engine, await engine.listen());
    remote.app.registerFunction('f', ({ path_params }) => ({ status_code: 201, body: path_params }));
    remote.app.registerTrigger({ type: 'http', function_id: 'f', config: { api_path: '/a/:id' } });
    while ((await remote.ask('/a/1')).status === 404) await settled();
    expect(await remote.ask('/a/1')).toMatchObject({ status: 201, json: { id: '1' } });
  });
});
