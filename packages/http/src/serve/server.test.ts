import { systemClock } from 'iii-protocol';
import { gate, LogBook, settled, TestEngine } from 'iii-testing';
import { readConfig } from 'iii-worker';
import { describe, expect, it, vi } from 'vitest';
import { HttpConfig } from '../config.js';
import { parseRoute } from '../routing/route.js';
import { RouteTable } from '../routing/route-table.js';
import { ask, connect, drivers } from '../test-support.js';
import { Port } from './port.js';
import { HttpServer } from './server.js';

/** A server without the trigger type around it. */
async function open(given: Partial<HttpConfig>, routes: Record<string, (payload: unknown) => unknown>) {
  const engine = new TestEngine();
  const app = await engine.client('app');
  const table = new RouteTable();
  for (const [path, handler] of Object.entries(routes)) {
    app.registerFunction(path, handler);
    table.put(parseRoute({ id: path, function_id: path, config: { api_path: path } }, 'default'));
  }
  const config = readConfig('iii-http', HttpConfig, { port: 0, ...given });
  const log = new LogBook();
  const context = { iii: await engine.client('iii-http'), logger: log, clock: systemClock };
  const server = new HttpServer(context, table, config);
  const port = await Port.open(config, { logger: log, onRequest: server.serve });
  return {
    engine,
    server,
    log,
    address: port.endpoint.address,
    async [Symbol.asyncDispose]() {
      server.cut();
      await port.close();
      server.close();
      await engine.close();
    },
  };
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

/** As often as it takes, without a pause: the connection is gone when the system says so. */
async function inFlight(server: HttpServer, count: number): Promise<void> {
  while (server.inFlight !== count) await settled();
}

describe.each(drivers)('requests in flight, driver %s', (driver) => {
  it('are counted until they are answered', async () => {
    const [called, answer] = [gate(), gate<number>()];
    await using bed = await open(
      { driver },
      {
        '/a': () => {
          called.open();
          return answer.opened;
        },
      },
    );
    expect(bed.server.inFlight).toBe(0);
    const asked = ask(bed.address, '/a');
    await called.opened;
    expect(bed.server.inFlight).toBe(1);
    await ask(bed.address, '/none');
    answer.open(1);
    await asked;
    await inFlight(bed.server, 0);
  });

  it('are forgotten when their clients leave, whatever they were waiting for', async () => {
    const called = gate();
    const waiting = vi.fn();
    await using bed = await open(
      { driver, concurrency_request_limit: 1 },
      {
        '/slow': () => {
          called.open();
          return new Promise(() => {});
        },
        '/waits': waiting,
      },
    );
    const first = connect(bed.address, GET('/slow'));
    await called.opened;
    const second = connect(bed.address, GET('/waits'));
    await bed.log.written('GET /waits');
    expect(bed.server.inFlight).toBe(2);
    second.destroy();
    await inFlight(bed.server, 1);
    first.destroy();
    await inFlight(bed.server, 0);
    await settled();
    expect(waiting).not.toHaveBeenCalled();
    expect(bed.log.of('error')).toEqual([]);
  });

  it('that are many and leave all at once leave nothing behind', async () => {
    await using bed = await open(
      { driver, concurrency_request_limit: 8 },
      { '/slow': () => new Promise(() => {}) },
    );
    const clients = Array.from({ length: 50 }, () => connect(bed.address, GET('/slow')));
    await inFlight(bed.server, 50);
    for (const client of clients) client.destroy();
    await inFlight(bed.server, 0);
  });
});
