import { expect, it, onTestFinished } from 'vitest';
import { describeDrivers } from './drivers.js';
import { Owners } from './owner.js';
import { Peer } from './peer.js';
import { RawClient } from './raw-client.js';
import { Body, Exchanges, get, outcome, post } from './serve.js';

/** Answers with the path of the request. */
const mirror = {
  onRequest: (
    request: { path: string },
    response: { send(status: number, headers: [], body: string): void },
  ) => response.send(200, [], request.path),
};

describeDrivers('a connection', (driver) => {
  it('serves one request after another', async () => {
    const client = await RawClient.connect(await driver.listen(mirror));
    for (let index = 0; index < 20; index++) {
      client.send(get(`/${index}`));
      expect((await client.response()).body.toString()).toBe(`/${index}`);
    }
  });

  it('serves pipelined requests that are answered at once, in order', async () => {
    const client = await RawClient.connect(await driver.listen(mirror));
    client.send(Array.from({ length: 20 }, (_, index) => get(`/${index}`)).join(''));
    for (let index = 0; index < 20; index++) {
      expect((await client.response()).body.toString()).toBe(`/${index}`);
    }
  });

  it('serves pipelined requests with bodies that are answered at once', async () => {
    const bodies: Body[] = [];
    const listener = await driver.listen({
      onRequest: (request, response) => {
        const body = new Body();
        bodies.push(body);
        request.read({
          data: (chunk) => body.data(chunk),
          end: () => response.send(200, [], body.text),
          aborted() {},
        });
      },
    });
    const client = await RawClient.connect(listener);
    if (driver.name === 'node') client.send(`${post('/', 3)}one${post('/', 3)}two`);
    else {
      // There, a body that is read ends after its handler has returned, so the second request has to wait.
      client.send(`${post('/', 3)}one`);
      await client.until(() => client.pending.includes('one'));
      client.send(`${post('/', 3)}two`);
    }
    expect((await client.response()).body.toString()).toBe('one');
    expect((await client.response()).body.toString()).toBe('two');
  });

  it('with pipelined requests that wait for their answers never mixes them up', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get('/first') + get('/second'));
    const first = await exchanges.next();
    const ended = outcome(first.response);
    if (driver.name === 'node') {
      const second = await exchanges.next();
      second.response.send(200, [], second.request.path);
      first.response.send(200, [], first.request.path);
      expect((await client.response()).body.toString()).toBe('/first');
      expect((await client.response()).body.toString()).toBe('/second');
      expect(await ended).toBe(true);
    } else {
      // uWebSockets.js cuts a connection that asks again before it is answered.
      expect(await ended).toBe(false);
      await client.gone;
      expect(client.receivedBytes).toBe(0);
      expect(exchanges.inbox.all).toHaveLength(1);
    }
  });

  it('ends after the answer when the client asked for that', async () => {
    const client = await RawClient.connect(await driver.listen(mirror));
    client.send(get('/last', ['Connection: close']));
    await client.gone;
    expect((await client.response()).body.toString()).toBe('/last');
  });

  it('ends after a streamed answer when the client asked for that', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get('/last', ['Connection: close']));
    const { response } = await exchanges.next();
    response.start(200);
    response.write('streamed');
    response.end();
    await client.gone;
    const parsed = await client.response();
    expect(parsed.body.toString()).toBe('streamed');
    expect(parsed.truncated).toBe(false);
  });

  it('survives a request target of 60,000 bytes', async () => {
    const path = `/${'x'.repeat(60_000)}`;
    const client = await RawClient.connect(await driver.listen(mirror));
    client.send(get(path));
    expect((await client.response()).body.toString() === path).toBe(true);
  });

  it('with a head beyond all bounds ends, without reaching the owner', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(`GET /${'x'.repeat(2_000_000)} HTTP/1.1\r\n`);
    await client.gone;
    expect(exchanges.inbox.all).toEqual([]);
    if (driver.name === 'node') expect((await client.response()).status).toBe(431);
  });

  it('with an unknown method ends, without reaching the owner, and others live on', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen(exchanges);
    const client = await RawClient.connect(listener);
    client.send(get('/', [], 'FROBNICATE'));
    await client.gone;
    expect(exchanges.inbox.all).toEqual([]);
    if (driver.name === 'node') expect((await client.response()).status).toBe(400);
    const other = await RawClient.connect(listener);
    other.send(get('/fine'));
    (await exchanges.next()).response.send(200);
    expect((await other.response()).status).toBe(200);
  });

  it('with ambiguous body framing ends, without reaching the owner', async () => {
    const smuggled = get('/smuggled');
    for (const headers of [
      ['Content-Length: 3', 'Content-Length: 5'],
      ['Content-Length: 3, 5'],
      ['Content-Length: x'],
      ['Content-Length: -1'],
      ['Transfer-Encoding: gzip'],
      ['Transfer-Encoding: chunked, gzip'],
    ]) {
      const exchanges = new Exchanges();
      const client = await RawClient.connect(await driver.listen(exchanges));
      client.send(get('/', headers, 'POST') + smuggled);
      await client.gone;
      expect(exchanges.inbox.all, headers.join()).toEqual([]);
    }
  });

  it('that resets in the middle of anything harms nobody', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen({ ...exchanges, onUpgrade: () => new Promise(() => {}) });
    for (const start of ['', 'GET / HT', get('/pending'), `${post('/pending', 5)}he`]) {
      const client = await RawClient.connect(listener);
      if (start !== '') client.send(start);
      if (start.includes('/pending')) {
        const { response } = await exchanges.next();
        client.tcp.resetAndDestroy();
        if (start.startsWith('GET')) expect(await outcome(response)).toBe(false);
        else response.send(200);
      } else {
        client.tcp.resetAndDestroy();
      }
      await client.gone;
    }
    const other = await RawClient.connect(listener);
    other.send(get('/fine'));
    (await exchanges.next()).response.send(200);
    expect((await other.response()).status).toBe(200);
  });
});

describeDrivers('the header deadline', (driver) => {
  // On uws it is about 10 s and cannot be changed.
  const headerTimeoutMs = driver.name === 'uws' ? 10_000 : 300;

  it('closes connections that are silent, stop in the middle or drip, and leaves an open WebSocket alone', async () => {
    const owners = new Owners();
    const listener = await driver.listen({ onUpgrade: owners.onUpgrade, headerTimeoutMs });
    const peer = await Peer.open(listener);
    const owner = await owners.next();
    const silent = await RawClient.connect(listener);
    const slow = await RawClient.connect(listener);
    slow.send('GET / HTTP/1.1\r\nHost: local');
    const dripping = await RawClient.connect(listener);
    dripping.send('GET / HTTP/1.1\r\n');
    const drip = setInterval(() => dripping.send('X: y\r\n'), headerTimeoutMs / 10);
    onTestFinished(() => clearInterval(drip));
    const started = performance.now();
    await Promise.all([silent.gone, slow.gone, dripping.gone]);
    expect(performance.now() - started).toBeGreaterThan(headerTimeoutMs * 0.5);
    expect(performance.now() - started).toBeLessThan(headerTimeoutMs + 6000);
    peer.ws.send('still here');
    expect((await owner.messages.next()).text).toBe('still here');
    expect(owner.ends.all).toEqual([]);
  });
});

describeDrivers('an idle connection', (driver) => {
  it('is closed after the keep-alive timeout', async () => {
    const listener = await driver.listen({ ...mirror, keepAliveTimeoutMs: 200 });
    const client = await RawClient.connect(listener);
    client.send(get('/x'));
    await client.response();
    const started = performance.now();
    await client.gone;
    expect(performance.now() - started).toBeLessThan(driver.name === 'uws' ? 16_000 : 6000);
  });
});
