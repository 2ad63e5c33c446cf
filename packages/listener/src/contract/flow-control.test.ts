import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { describeDrivers } from './drivers.js';
import { Inbox } from './inbox.js';
import { RawClient } from './raw-client.js';
import { Body, Exchanges, post } from './serve.js';

const MIB = 1024 * 1024;

describeDrivers('flow control of a request body', (driver) => {
  const TOTAL = 64 * MIB;
  /** Kernel buffers of both ends, and what a driver may hold. */
  const BOUND = 24 * MIB;

  it('holds the client back while nobody reads', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(post('/', TOTAL), Buffer.alloc(TOTAL));
    const { request, response } = await exchanges.next();
    expect(await client.acceptedBytes()).toBeLessThan(BOUND);
    const body = new Body();
    request.read(body);
    expect(await body.ends.next()).toBe('end');
    expect(body.bytes).toBe(TOTAL);
    response.send(200);
    expect((await client.response()).status).toBe(200);
  });

  it('holds the client back while the owner pauses, and loses nothing', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    const sent = randomBytes(TOTAL);
    client.send(post('/', TOTAL), sent);
    const { request } = await exchanges.next();
    const body = new Body();
    request.read({
      data(chunk) {
        body.data(chunk);
        request.pause();
      },
      end: () => body.end(),
      aborted: () => body.aborted(),
    });
    await body.arrivals.next();
    expect(await client.acceptedBytes()).toBeLessThan(BOUND);
    expect(body.chunks).toHaveLength(1);
    for (;;) {
      const seen = body.chunks.length;
      request.resume();
      await Promise.race([
        body.ends.until((all) => all.length > 0),
        body.arrivals.until((all) => all.length > seen),
      ]);
      if (body.ends.all.length > 0) break;
      // One chunk per resume, never more.
      expect(body.chunks.length).toBe(seen + 1);
    }
    expect(body.ends.all).toEqual(['end']);
    expect(Buffer.concat(body.chunks).equals(sent)).toBe(true);
  });

  it('lets a pause outlast the timers of the driver', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen({ ...exchanges, headerTimeoutMs: 200 }));
    client.send(`${post('/', 10)}hello`);
    const { request, response } = await exchanges.next();
    await new Promise((resolve) => setTimeout(resolve, driver.name === 'uws' ? 13_000 : 1000));
    const body = new Body();
    request.read(body);
    client.send('world');
    expect(await body.ends.next()).toBe('end');
    expect(body.text).toBe('helloworld');
    response.send(200);
    expect((await client.response()).status).toBe(200);
  });

  it('applies both ways at once: an echo to a client that reads slowly', async () => {
    const listener = await driver.listen({
      onRequest: (request, response) => {
        response.start(200);
        request.read({
          data(chunk) {
            if (response.write(chunk) === 'buffered') request.pause();
          },
          end: () => response.end(),
          aborted() {},
        });
        response.onDrained(() => request.resume());
      },
    });
    const upload = httpRequest({ port: listener.port, host: '127.0.0.1', method: 'POST', agent: false });
    const sent = randomBytes(32 * MIB);
    upload.end(sent);
    const [answer]: IncomingMessage[] = await once(upload, 'response');
    const received: Buffer[] = [];
    for await (const chunk of answer!) {
      received.push(chunk);
      if (received.length % 16 === 0) await turn();
    }
    expect(Buffer.concat(received).equals(sent)).toBe(true);
  });

  it('has bounds for a client that uploads without end and takes no answer', async () => {
    const errors = new Inbox<unknown>();
    const kept: number[] = [];
    const listener = await driver.listen({
      onRequest: (request, response) => {
        response.start(200);
        while (response.write(Buffer.alloc(64 * 1024)) !== 'buffered');
        kept.push(response.bufferedBytes);
        response.onClosed((completed) => kept.push(completed ? 1 : 0));
        request.pause();
      },
      onError: (error) => errors.push(error),
    });
    const client = await RawClient.connect(listener);
    client.tcp.pause();
    client.send(post('/', 2 * TOTAL));
    for (let index = 0; index < 2 * TOTAL; index += MIB) client.send(Buffer.alloc(MIB));
    if (driver.name === 'node') {
      expect(await client.acceptedBytes()).toBeLessThan(BOUND);
    } else {
      // A connection that waits for room cannot be paused there: it is cut when too much has come.
      expect(await errors.next()).toMatchObject({ code: 'body_backlog_overflow' });
      client.tcp.resume();
      await client.gone;
      expect(kept.at(-1)).toBe(0);
    }
  });
});
