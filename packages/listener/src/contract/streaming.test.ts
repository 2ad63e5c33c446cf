import { describe, expect, it } from 'vitest';
import type { HttpResponse } from '../types.js';
import { ask } from './ask.js';
import { describeDrivers } from './drivers.js';
import { Inbox } from './inbox.js';
import { RawClient } from './raw-client.js';
import { Exchanges, get, outcome } from './serve.js';

const MIB = 1024 * 1024;

describeDrivers('a streamed answer', (driver) => {
  it('is chunked, and arrives piece by piece', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200, [['content-type', 'text/event-stream']]);
    for (const event of ['data: 1\n\n', 'data: 2\n\n', 'data: grüße\n\n']) {
      expect(response.write(event)).toBe('sent');
      await client.until(() => client.pending.includes(event));
    }
    response.end();
    const parsed = await client.response();
    expect(parsed.all('transfer-encoding')).toEqual(['chunked']);
    expect(parsed.chunks).toHaveLength(3);
    expect(parsed.truncated).toBe(false);
    expect(await outcome(response)).toBe(true);
  });

  it('ends with the piece given to end', async () => {
    const { response } = await ask(driver, (res) => {
      res.start(200);
      res.write('one ');
      res.end('two');
    });
    expect(response.body.toString()).toBe('one two');
  });

  it('may consist of nothing', async () => {
    const { response, client } = await ask(driver, (res) => {
      res.start(202, [['x-a', 'b']]);
      res.write('');
      res.end();
    });
    expect(response.status).toBe(202);
    expect(response.body).toHaveLength(0);
    expect(response.all('x-a')).toEqual(['b']);
    client.send(get());
    expect((await client.response()).status).toBe(202);
  });

  it.runIf(driver.name === 'node')('lets its headers leave before any piece', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200, [['x-early', 'yes']]);
    response.flush();
    await client.until(() => client.pending.includes('\r\n\r\n'));
    expect(client.pending.toString()).toContain('x-early: yes');
    response.end('later');
    expect((await client.response()).body.toString()).toBe('later');
  });

  it.runIf(driver.name === 'uws')('is not harmed by flush, which cannot do anything', async () => {
    const { response } = await ask(driver, (res) => {
      res.start(200);
      res.flush();
      res.write('x');
      res.flush();
      res.end('y');
    });
    expect(response.body.toString()).toBe('xy');
  });

  it('may be silent for longer than any idle timeout', async () => {
    const exchanges = new Exchanges();
    const listener = await driver.listen({ ...exchanges, keepAliveTimeoutMs: 100, headerTimeoutMs: 100 });
    const client = await RawClient.connect(listener);
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200);
    response.write('first ');
    await new Promise((resolve) => setTimeout(resolve, driver.name === 'uws' ? 14_000 : 1000));
    response.end('last');
    expect((await client.response()).body.toString()).toBe('first last');
  });

  it('can be given up so that the client sees it truncated', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200);
    response.write('only half');
    await client.until(() => client.pending.includes('only half'));
    const ended = outcome(response);
    response.abort();
    expect(response.closed).toBe(true);
    const parsed = await client.response();
    expect(parsed.truncated).toBe(true);
    expect(parsed.body.toString()).toBe('only half');
    expect(await ended).toBe(false);
    response.abort();
  });

  it('can be given up before it began', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    const ended = outcome(response);
    response.abort();
    expect(await ended).toBe(false);
    await client.gone;
    expect(client.receivedBytes).toBe(0);
    response.send(200);
  });

  it('ends as not completed when the client leaves', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    response.start(200);
    response.write('x');
    await client.until(() => client.pending.length > 0);
    client.tcp.destroy();
    expect(await outcome(response)).toBe(false);
    expect(response.closed).toBe(true);
    expect(response.write('y')).toBe('closed');
    response.end();
    expect(response.bufferedBytes).toBe(0);
  });

  it('ends as not completed when the client leaves before the first piece', async () => {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.send(get());
    const { response } = await exchanges.next();
    client.tcp.destroy();
    expect(await outcome(response)).toBe(false);
    response.send(200);
    expect(response.closed).toBe(true);
  });
});

describeDrivers('a client that does not read its answer', (driver) => {
  const PIECE = 64 * 1024;

  /** Writes numbered pieces until the kernel takes no more. */
  function fill(response: HttpResponse): number {
    for (let count = 1; ; count++) {
      const piece = Buffer.alloc(PIECE, count & 0xff);
      if (response.write(piece) === 'buffered') return count;
    }
  }

  async function stalled() {
    const exchanges = new Exchanges();
    const client = await RawClient.connect(await driver.listen(exchanges));
    client.tcp.pause();
    client.send(get());
    const { response } = await exchanges.next();
    const drains = new Inbox<number>();
    response.onDrained(() => drains.push(response.bufferedBytes));
    response.start(200);
    return { client, response, drains };
  }

  it('turns sent into buffered, and bufferedBytes grow by what is written', async () => {
    const { response } = await stalled();
    expect(fill(response)).toBeGreaterThan(1);
    expect(response.bufferedBytes).toBeLessThanOrEqual(PIECE + 100);
    for (let index = 0; index < 10; index++) {
      const before = response.bufferedBytes;
      expect(response.write(Buffer.alloc(100_000))).toBe('buffered');
      const grown = response.bufferedBytes - before;
      expect(grown).toBeGreaterThanOrEqual(100_000);
      expect(grown).toBeLessThanOrEqual(100_000 + 20);
    }
  });

  it('drains when it reads again; every byte arrives in order', async () => {
    const { client, response, drains } = await stalled();
    const count = fill(response);
    expect(drains.all).toEqual([]);
    client.tcp.resume();
    expect(await drains.next()).toBe(0);
    response.end('the end');
    const parsed = await client.response();
    expect(parsed.truncated).toBe(false);
    expect(parsed.body).toHaveLength(count * PIECE + 7);
    for (let index = 0; index < count; index++) {
      expect(parsed.body[index * PIECE]).toBe((index + 1) & 0xff);
      expect(parsed.body[(index + 1) * PIECE - 1]).toBe((index + 1) & 0xff);
    }
    expect(await outcome(response)).toBe(true);
  });

  it('can be written to in step with its drains', async () => {
    const { client, response, drains } = await stalled();
    let written = 0;
    let last = 0;
    for (let round = 0; round < 5; round++) {
      client.tcp.pause();
      // The kernel buffers of a paused client may still grow between two rounds: one full round each.
      last = fill(response);
      written += last;
      client.tcp.resume();
      await drains.next();
    }
    response.end();
    const parsed = await client.response();
    expect(parsed.body).toHaveLength(written * PIECE);
    expect(drains.all).toHaveLength(5);
  });

  it('gets small pieces too, all of them, once it reads', async () => {
    const { client, response, drains } = await stalled();
    const expected: string[] = [];
    let buffered = 0;
    for (let index = 0; buffered < 2000; index++) {
      const piece = `${index} ${'.'.repeat(1000)}\n`;
      expected.push(piece);
      if (response.write(piece) === 'buffered') buffered++;
    }
    expect(response.bufferedBytes).toBeGreaterThan(1_900_000);
    client.tcp.resume();
    await drains.next();
    response.end();
    const parsed = await client.response();
    expect(parsed.body.toString() === expected.join('')).toBe(true);
  });

  it('gets the whole answer even when it was ended at once', async () => {
    const { client, response } = await stalled();
    const count = fill(response);
    response.end(Buffer.alloc(5 * MIB));
    expect(response.closed).toBe(false);
    const ended = outcome(response);
    client.tcp.resume();
    const parsed = await client.response();
    expect(parsed.truncated).toBe(false);
    expect(parsed.body).toHaveLength(count * PIECE + 5 * MIB);
    expect(await ended).toBe(true);
  });

  it('that leaves ends the answer, without drained', async () => {
    const { client, response, drains } = await stalled();
    fill(response);
    const ended = outcome(response);
    client.tcp.resetAndDestroy();
    expect(await ended).toBe(false);
    expect(response.bufferedBytes).toBe(0);
    expect(drains.all).toEqual([]);
  });

  describe('while the answer is given up', () => {
    it('sees it truncated', async () => {
      const { client, response } = await stalled();
      fill(response);
      response.end(Buffer.alloc(MIB));
      const ended = outcome(response);
      response.abort();
      expect(await ended).toBe(false);
      client.tcp.resume();
      expect((await client.response()).truncated).toBe(true);
    });
  });
});
