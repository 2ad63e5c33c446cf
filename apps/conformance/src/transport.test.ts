import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

const HEADERS = 'Host: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
const KEY = 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n';

/** Status of a request given as it goes over the wire. */
async function status(url: string, request: string): Promise<number> {
  const { hostname, port } = new URL(url);
  const socket = net.connect(Number(port), hostname);
  socket.write(request);
  const [data] = (await once(socket, 'data')) as [Buffer];
  socket.destroy();
  return Number(/^HTTP\/1\.1 (\d+)/.exec(String(data))?.[1]);
}

await onBothDrivers('transport', (bench, check) => {
  check('the start-up line names the driver', async () => {
    const line = bench.engine.lines.find((text) => text.includes('workers on ws://'));
    expect(line).toContain(`(driver ${bench.driver})`);
  });

  check('§20.1 upgrades on /, /otel and nowhere else', async () => {
    const upgrade = (path: string) =>
      status(bench.engine.url, `GET ${path} HTTP/1.1\r\n${HEADERS}${KEY}\r\n`);
    expect(await Promise.all(['/', '/?token=1', '/otel', '/ws', '/ws/otel'].map(upgrade))).toEqual([
      101, 101, 101, 101, 101,
    ]);
    expect(await Promise.all(['/x', '/otel/x', '/ws/channels', '/ws/channels/a/b'].map(upgrade))).toEqual([
      404, 404, 404, 404,
    ]);
    expect(await upgrade('/ws/channels/unknown?key=k&dir=read')).toBe(404);
    expect(await upgrade('/ws/channels/unknown?key=k')).toBe(400);
  });

  check('§20.1 answers plain requests by 400, 404 and 405', async () => {
    const plain = (method: string, path: string) =>
      status(bench.engine.url, `${method} ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect([
      await plain('GET', '/'),
      await plain('POST', '/'),
      await plain('PUT', '/otel'),
      await plain('GET', '/nothing'),
      await plain('DELETE', '/nothing'),
    ]).toEqual([400, 405, 405, 404, 404]);
    const noKey = await status(bench.engine.url, `GET / HTTP/1.1\r\n${HEADERS}\r\n`);
    const oldVersion = HEADERS.replace(': 13', ': 8');
    expect([noKey, await status(bench.engine.url, `GET / HTTP/1.1\r\n${oldVersion}${KEY}\r\n`)]).toEqual([
      400, 400,
    ]);
  });

  check(
    '§20.1 cuts a connection that never finishes its headers, and leaves an established one alone',
    async () => {
      const worker = await bench.worker('patient');
      const { hostname, port } = new URL(bench.engine.url);
      const slow = net.connect(Number(port), hostname);
      await once(slow, 'connect');
      const started = performance.now();
      slow.write('GET / HTTP/1.1\r\nHost: x\r\n');
      slow.on('error', () => {}).resume();
      await once(slow, 'close');
      expect(performance.now() - started).toBeLessThan(20_000);
      await worker.settled();
    },
    30_000,
  );

  check('§20.2 greets with id and secret first, also clients with a query and extensions', async () => {
    const socket = new WebSocket(`${bench.engine.url}/?token=x`, { perMessageDeflate: true });
    const [first] = (await once(socket, 'message')) as [Buffer];
    expect(JSON.parse(String(first))).toEqual({
      type: 'workerregistered',
      worker_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      reattach_token: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
      extensions: ['cancel', 'parts', 'batch'],
    });
    expect(socket.extensions).toBe('');
    socket.terminate();
  });

  check('§20.2 says nothing on /otel and does not list it', async () => {
    const client = bench.official('lister');
    const telemetry = await bench.wire('/otel');
    telemetry.socket.ping();
    await once(telemetry.socket, 'pong');
    const { workers } = await client.trigger<object, { workers: Array<{ name: string | null }> }>({
      function_id: 'engine::workers::list',
      payload: { include_all: true },
    });
    expect(telemetry.frames).toEqual([]);
    expect(workers.map(({ name }) => name).sort()).toEqual([
      'iii-engine-functions',
      'iii-http',
      'iii-worker-manager',
      'lister',
    ]);
  });

  check('§20.2 an official client with its telemetry on works', async () => {
    const client = bench.official('observed', { otel: { enabled: true, logsFlushIntervalMs: 10 } });
    client.registerFunction('observed::f', async () => 'seen');
    await offered(client, 'observed::f');
    expect(await client.trigger({ function_id: 'observed::f', payload: {} })).toBe('seen');
  });

  check('§20.3 answers pings of both kinds, also before the announcement', async () => {
    const wire = await bench.wire();
    wire.socket.ping('abc');
    const [pong] = (await once(wire.socket, 'pong')) as [Buffer];
    expect(String(pong)).toBe('abc');
    await wire.settled();
  });

  check('§20.4 takes frames as binary, and telemetry on either socket', async () => {
    const wire = await bench.wire();
    wire.socket.send(Buffer.from('{"type":"ping"}'));
    await wire.take((frame) => frame.type === 'pong');
    const telemetry = await bench.wire('/otel');
    for (const prefix of ['OTLP', 'MTRC', 'LOGS']) {
      for (const { socket } of [wire, telemetry]) socket.send(Buffer.from(`${prefix}{"resourceSpans":[]}`));
    }
    await wire.settled();
    telemetry.socket.ping();
    await once(telemetry.socket, 'pong');
  });

  check('§20.5 survives bad JSON, unknown types and wrong members', async () => {
    const wire = await bench.worker('tough');
    for (const text of [
      '{',
      '[]',
      '5',
      '""',
      '{}',
      '{"type":7}',
      '{"type":"nope"}',
      '{"type":"registerfunction"}',
      ' ',
    ]) {
      wire.send(text);
    }
    wire.send('{"type":"registerfunction","id":5}').send('{"type":"unregistertrigger","id":null}');
    await wire.settled();
    expect(wire.frames.map(({ type }) => type)).toEqual(['workerregistered']);
  });

  check('carries payloads byte for byte', async () => {
    const provider = (await bench.worker('provider')).offer('raw::echo');
    await provider.settled();
    const caller = await bench.worker('caller');
    const payload = '[{"n": 9007199254740993, "x": 1.0}]';
    caller.send(
      `{"type":"invokefunction","invocation_id":"${caller.nextId()}","function_id":"raw::echo","data":${payload}}`,
    );
    const invocation = await provider.invocation();
    expect(provider.texts.at(-1)).toContain(`"data":${payload}`);
    const id = String(invocation.invocation_id);
    provider.send(
      `{"type":"invocationresult","invocation_id":"${id}","function_id":"raw::echo","result":${payload}}`,
    );
    await caller.take((frame) => frame.type === 'invocationresult');
    expect(caller.texts.at(-1)).toContain(`"result":${payload}`);
  });

  check('does not keep HTTP connections that ask for nothing', async () => {
    const { status: code } = await new Promise<{ status: number }>((resolve, reject) => {
      http
        .get(bench.engine.url.replace('ws:', 'http:'), (response) => {
          response.resume();
          response.on('end', () => resolve({ status: response.statusCode ?? 0 }));
        })
        .on('error', reject);
    });
    expect(code).toBe(400);
  });
});
