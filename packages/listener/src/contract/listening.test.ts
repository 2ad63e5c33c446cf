import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, it } from 'vitest';
import { ListenerError } from '../errors.js';
import { listen } from '../listen.js';
import type { DriverName } from '../types.js';
import { bothDriversMissing, describeDrivers } from './drivers.js';
import { Owners } from './owner.js';
import { Peer } from './peer.js';
import { RawClient } from './raw-client.js';
import { Exchanges, get } from './serve.js';

const ipv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ address }) => address === '::1'),
);
const ipv6Title = ipv6 ? '' : ' (skipped: this machine has no ::1)';

function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('not a TCP server');
  return bound.port;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}

async function failure(attempt: Promise<unknown>): Promise<ListenerError> {
  const error: unknown = await attempt.then(
    () => new Error('it did not fail'),
    (reason: unknown) => reason,
  );
  if (error instanceof ListenerError) return error;
  throw error;
}

describeDrivers('a port', (driver) => {
  it('0 is a free one, which can be read', async () => {
    const listener = await driver.listen({ port: 0 });
    expect(listener.driver).toBe(driver.name);
    expect(listener.host).toBe('127.0.0.1');
    expect(listener.port).toBeGreaterThan(0);
    expect(listener.address).toBe(`127.0.0.1:${listener.port}`);
    await RawClient.connect(listener);
  });

  it('may be on a host given by name, which is kept', async () => {
    const listener = await driver.listen({ host: 'localhost' });
    expect(listener.host).toBe('localhost');
    expect(listener.address).toBe(`localhost:${listener.port}`);
  });

  it('on 127.0.0.1 is not reachable through another address', async () => {
    const listener = await driver.listen();
    await expect(RawClient.connect(listener, '127.0.0.2')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.runIf(ipv6)(`on ::1 has its address in brackets and sees IPv6 peers${ipv6Title}`, async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen({ ...exchanges, host: '::1' });
    expect(listener.address).toBe(`[::1]:${listener.port}`);
    const client = await RawClient.connect(listener, '::1');
    client.send(get());
    const { request, response } = await exchanges.next();
    expect(request.remoteAddress).toBe('::1');
    response.send(200);
  });

  it.runIf(ipv6)(`on :: sees IPv4 peers as IPv4${ipv6Title}`, async () => {
    const exchanges = new Exchanges();
    const owners = new Owners();
    const listener = await driver.listen({ ...exchanges, onUpgrade: owners.onUpgrade, host: '::' });
    const client = await RawClient.connect(listener);
    client.send(get());
    const { request, response } = await exchanges.next();
    expect(request.remoteAddress).toBe('127.0.0.1');
    response.send(200);
    await Peer.open(listener);
    expect((await owners.next()).socket.remoteAddress).toBe('127.0.0.1');
  });

  it('that is closed can be bound again at once', async () => {
    // Not port 0, for which uWebSockets.js leaves SO_REUSEADDR out.
    const first = await driver.listen({ port: await freePort() });
    const client = await RawClient.connect(first);
    await first.close();
    await client.gone;
    const second = await driver.listen({ port: first.port });
    expect(second.port).toBe(first.port);
  });

  it('closes itself at the end of an await using block', async () => {
    let port: number;
    {
      await using listener = await driver.listen();
      port = listener.port;
      await RawClient.connect(listener);
    }
    await expect(RawClient.connect({ port })).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

describeDrivers('a port that cannot be bound', (driver) => {
  it('because another program listens there says so, with host and port', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = portOf(other);
    const error = await failure(driver.listen({ port }));
    expect(error.code).toBe('address_in_use');
    expect(error.message).toContain(`127.0.0.1:${port}`);
    expect(error.message).toContain('already in use');
    expect(error.retryable).toBe(true);
    other.close();
  });

  it('because the address is not of this machine says so', async () => {
    const error = await failure(driver.listen({ host: '192.0.2.1', port: 0 }));
    expect(error.code).toBe('address_unavailable');
    expect(error.message).toContain('192.0.2.1');
  });

  it('because the host does not resolve says so', async () => {
    const error = await failure(driver.listen({ host: 'no-such-host.invalid', port: 0 }));
    expect(error.code).toBe('address_unavailable');
    expect(error.message).toContain('no-such-host.invalid');
  });

  it('because an option is impossible says which', async () => {
    for (const options of [
      { port: -1 },
      { port: 65536 },
      { port: 1.5 },
      { headerTimeoutMs: 0 },
      { keepAliveTimeoutMs: Number.NaN },
      { maxMessageBytes: 0 },
      { maxMessageBytes: 2 ** 31 },
    ]) {
      const error = await failure(driver.listen(options));
      expect(error.code).toBe('invalid_option');
      expect(error.message).toContain(Object.keys(options)[0]);
    }
  });
});

const pairs: Array<[DriverName, DriverName]> = [
  ['uws', 'uws'],
  ['uws', 'node'],
  ['node', 'uws'],
  ['node', 'node'],
];
const skipped = bothDriversMissing === undefined ? '' : ` [skipped: ${bothDriversMissing}]`;

describe.runIf(bothDriversMissing === undefined)(`two listeners on one port${skipped}`, () => {
  for (const [first, second] of pairs) {
    it(`${second} after ${first} fails with address_in_use`, async () => {
      const onRequest = () => {};
      await using listener = await listen({ port: 0, driver: first, onRequest });
      const error = await failure(listen({ port: listener.port, driver: second, onRequest }));
      expect(error.code).toBe('address_in_use');
      expect(error.message).toContain(`127.0.0.1:${listener.port} is already in use`);
    });
  }
});
