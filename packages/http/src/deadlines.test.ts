import { once } from 'node:events';
import http from 'node:http';
import { gate, settled } from 'iii-testing';
import { describe, expect, it, vi } from 'vitest';
import { connect, drivers, type Payload, TestBed } from './test-support.js';

const TIMEOUT = {
  error: {
    code: 'TIMEOUT',
    message: 'The request was not answered in time',
    error_id: expect.stringMatching(/^[0-9a-f]{12}$/),
  },
};
const MIDDLEWARE_TIMEOUT = { error: { code: 'MIDDLEWARE_TIMEOUT', message: 'Middleware timeout' } };

/** A function that says when it is called, and answers when it is told to. */
function slow(bed: TestBed, id: string) {
  const called = gate();
  const answer = gate<unknown>();
  let calls = 0;
  bed.app.registerFunction(id, () => {
    calls++;
    called.open();
    return answer.opened;
  });
  return { called: called.opened, answer: answer.open, calls: () => calls };
}

const GET = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

describe.each(drivers)('deadlines, driver %s', (driver) => {
  /** On a clock that stands still. */
  const open = (config = {}) => TestBed.open({ clock: 'manual', config: { driver, ...config } });

  it('a handler that does not answer is 504 when the time is up, and not before', async () => {
    await using bed = await open();
    const handler = slow(bed, 'slow');
    await bed.route('/a', undefined, { functionId: 'slow' });
    const asked = bed.ask('/a');
    await handler.called;
    await bed.engine.clock.advanceAsync(29_900);
    expect(bed.log.of('warn')).toEqual([]);
    await bed.engine.clock.advanceAsync(200);
    const reply = await asked;
    expect(reply).toMatchObject({ status: 504, json: TIMEOUT });
    expect(reply.headers).toMatchObject({
      'content-type': 'application/json',
      'access-control-allow-origin': '*',
    });
    const { error } = reply.json as { error: { error_id: string } };
    expect(bed.log.of('warn').find(({ fields }) => fields.error_id === error.error_id)).toMatchObject({
      message: 'no answer came within 30000 ms',
      fields: { code: 'TIMEOUT', method: 'GET', route: '/a', function_id: 'slow' },
    });
    // The late answer is nobody's business any more.
    handler.answer({ status_code: 200 });
    await settled();
    expect((await bed.ask('/none')).status).toBe(404);
  });

  it.each([
    ['condition_function_id', TIMEOUT],
    ['middleware_function_ids', MIDDLEWARE_TIMEOUT],
  ])('%s that does not answer is 504, and the handler is not called', async (member, expected) => {
    await using bed = await open({ default_timeout: 1000 });
    const waiting = slow(bed, 'slow');
    const handler = vi.fn();
    const config = { [member]: member.endsWith('s') ? ['slow'] : 'slow' };
    await bed.route('/a', handler, { config });
    const asked = bed.ask('/a');
    await waiting.called;
    await bed.engine.clock.advanceAsync(1100);
    const reply = await asked;
    expect([reply.status, reply.json]).toEqual([504, expected]);
    waiting.answer({ action: 'continue' });
    await settled();
    expect(handler).not.toHaveBeenCalled();
  });

  it('middleware for all routes has the same deadline', async () => {
    await using bed = await open({
      default_timeout: 1000,
      middleware: [{ function_id: 'slow', phase: 'preHandler', priority: 0 }],
    });
    const waiting = slow(bed, 'slow');
    await bed.route('/a', () => 1);
    const asked = bed.ask('/a');
    await waiting.called;
    await bed.engine.clock.advanceAsync(1100);
    expect((await asked).json).toEqual(MIDDLEWARE_TIMEOUT);
  });

  it('a handler that is slow after slow middleware is a TIMEOUT: the time is that of the whole request', async () => {
    await using bed = await open({ default_timeout: 1000 });
    const middleware = slow(bed, 'mw');
    const handler = slow(bed, 'slow');
    await bed.route('/a', undefined, { functionId: 'slow', config: { middleware_function_ids: ['mw'] } });
    const asked = bed.ask('/a');
    await middleware.called;
    await bed.engine.clock.advanceAsync(600);
    middleware.answer({ action: 'continue' });
    await handler.called;
    await bed.engine.clock.advanceAsync(500);
    expect(await asked).toMatchObject({ status: 504, json: TIMEOUT });
  });

  it('a body that does not come is 504, and its connection ends, however the client drips on', async () => {
    await using bed = await open({
      default_timeout: 1000,
      middleware: [{ function_id: 'first', phase: 'preHandler', priority: 0 }],
    });
    const first = slow(bed, 'first');
    first.answer({ action: 'continue' });
    const handler = vi.fn();
    await bed.route('/a', handler, { config: { http_method: 'POST' } });
    const head =
      'POST /a HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{';
    const client = connect(bed.address, head);
    await first.called;
    await settled();
    await bed.engine.clock.advanceAsync(1100);
    const [answer] = (await once(client, 'data')) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 504 .*\r\nconnection: close\r\n/is);
    const dripping = setInterval(() => client.write(' '), 5);
    await once(client, 'close');
    clearInterval(dripping);
    expect(handler).not.toHaveBeenCalled();
  });

  it('a client that does not take its answer is cut, and its slot is free again', async () => {
    await using bed = await open({ default_timeout: 1000, concurrency_request_limit: 1 });
    const size = 32 * 1024 * 1024;
    const large = { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(size) };
    await bed.route('/large', () => large);
    const handler = vi.fn(() => 1);
    await bed.route('/a', handler);
    const client = connect(bed.address, GET('/large'));
    let received = 0;
    client.on('data', (data: Buffer) => {
      received += data.length;
    });
    await once(client, 'data');
    client.pause();
    const asked = bed.ask('/a');
    await bed.log.written('GET /a');
    // Whoever takes 16 KiB a second is not cut; 32 MiB are 2048 seconds, and there is one to begin with.
    await bed.engine.clock.advanceAsync(2_048_900);
    expect((await asked).status).toBe(504);
    expect(handler).not.toHaveBeenCalled();
    await bed.engine.clock.advanceAsync(200);
    expect((await bed.ask('/a')).status).toBe(200);
    client.resume();
    if (!client.closed) await once(client, 'close');
    expect(received).toBeLessThan(size);
  });

  describe('and the concurrency limit', () => {
    it('no more than so many requests are served at a time; the others wait their turn', async () => {
      await using bed = await TestBed.open({ config: { driver, concurrency_request_limit: 2 } });
      /** Those being served, and how to end them. */
      const inside: Array<() => void> = [];
      let most = 0;
      await bed.route('/a', async () => {
        const done = gate();
        inside.push(done.open);
        most = Math.max(most, inside.length);
        await done.opened;
        return 1;
      });
      const asked = Array.from({ length: 8 }, () => bed.ask('/a'));
      await bed.log.written('GET /a', 8);
      await settled();
      for (const _ of asked) {
        while (inside.length === 0) await settled();
        inside.shift()?.();
      }
      expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect(most).toBe(2);
    });

    it('counts all routes together, and waiting counts for the deadline', async () => {
      await using bed = await open({ default_timeout: 1000, concurrency_request_limit: 1 });
      const holding = slow(bed, 'holding');
      const other = slow(bed, 'other');
      await bed.route('/a', undefined, { functionId: 'holding' });
      await bed.route('/b', undefined, { functionId: 'other' });
      const first = bed.ask('/a');
      await holding.called;
      await bed.engine.clock.advanceAsync(500);
      const second = bed.ask('/b');
      const third = bed.ask('/none');
      expect((await third).status).toBe(404);
      await bed.engine.clock.advanceAsync(400);
      holding.answer(1);
      expect((await first).status).toBe(200);
      await other.called;
      await bed.engine.clock.advanceAsync(700);
      expect(await second).toMatchObject({ status: 504, json: TIMEOUT });
    });

    it('a request that gets no slot in time is 504, and its function is never called', async () => {
      await using bed = await open({ default_timeout: 1000, concurrency_request_limit: 1 });
      const holding = slow(bed, 'holding');
      const handler = vi.fn();
      await bed.route('/a', undefined, { functionId: 'holding' });
      await bed.route('/b', handler);
      const first = bed.ask('/a');
      await holding.called;
      const waiting = connect(bed.address, GET('/b'));
      await bed.log.written('GET /b');
      await bed.engine.clock.advanceAsync(1100);
      const [answer] = (await once(waiting, 'data')) as [Buffer];
      expect(answer.toString()).toMatch(/^HTTP\/1\.1 504 /);
      expect((await first).status).toBe(504);
      waiting.destroy();
      await settled();
      expect(handler).not.toHaveBeenCalled();
      expect(bed.log.of('warn').map(({ message }) => message)).toContain('no slot was free within 1000 ms');
    });
  });

  describe('and slots that are not held', () => {
    const POST = (path: string, type: string) =>
      `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: ${type}\r\nContent-Length: 4\r\n\r\n`;

    it('while a JSON body arrives; the handler then waits its turn', async () => {
      await using bed = await TestBed.open({ config: { driver, concurrency_request_limit: 1 } });
      const holding = slow(bed, 'holding');
      await bed.route('/slow', undefined, { functionId: 'holding' });
      const handler = vi.fn(({ body }: Payload) => body);
      await bed.route('/json', handler, { config: { http_method: 'POST' } });
      await bed.route('/a', () => 1);
      const uploads = Array.from({ length: 5 }, () =>
        connect(bed.address, `${POST('/json', 'application/json')}[1`),
      );
      await bed.log.written('POST /json', 5);
      expect((await bed.ask('/a')).status).toBe(200);
      const first = bed.ask('/slow');
      await holding.called;
      const answers = uploads.map(async (upload) => {
        upload.write(']');
        upload.write(' ');
        const [data] = (await once(upload, 'data')) as [Buffer];
        upload.destroy();
        return data.toString().split('\r\n')[0];
      });
      // What was sent is there before what was sent after it is answered.
      await bed.ask('/none');
      expect(handler).not.toHaveBeenCalled();
      holding.answer(1);
      expect((await first).status).toBe(200);
      expect(await Promise.all(answers)).toEqual(Array(5).fill('HTTP/1.1 200 OK'));
    });

    it('by handlers that stream, up to as many', async () => {
      await using bed = await TestBed.open({ config: { driver, concurrency_request_limit: 1 } });
      const reading = [gate(), gate()];
      let calls = 0;
      await bed.route(
        '/stream',
        async ({ request_body }) => {
          const { stream } = request_body;
          stream.once('data', reading[calls++]!.open);
          return (await stream.toArray()).length;
        },
        { config: { http_method: 'POST' } },
      );
      await bed.route('/a', () => 1);
      const uploads = [connect(bed.address, `${POST('/stream', 'text/x')}a`)];
      await reading[0]!.opened;
      expect((await bed.ask('/a')).status).toBe(200);
      // The second is one too many among those that stream, and is counted with the others.
      uploads.push(connect(bed.address, `${POST('/stream', 'text/x')}a`));
      await reading[1]!.opened;
      const waiting = bed.ask('/a');
      await bed.log.written('GET /a', 2);
      let isAnswered = false;
      void waiting.then(() => (isAnswered = true));
      await bed.ask('/none');
      expect(isAnswered).toBe(false);
      uploads[1]!.destroy();
      expect((await waiting).status).toBe(200);
      uploads[0]!.destroy();
    });
  });

  describe('and clients that leave', () => {
    it('give up their slot, while the function runs on', async () => {
      await using bed = await TestBed.open({ config: { driver, concurrency_request_limit: 1 } });
      const handler = slow(bed, 'slow');
      await bed.route('/slow', undefined, { functionId: 'slow' });
      await bed.route('/a', () => 1);
      const client = connect(bed.address, GET('/slow'));
      await handler.called;
      client.destroy();
      expect((await bed.ask('/a')).status).toBe(200);
      expect(bed.engine.engine.status.inFlight).toBe(1);
      handler.answer(1);
      await settled();
      expect(bed.engine.engine.status.inFlight).toBe(0);
      expect(bed.log.of('error')).toEqual([]);
    });

    it('between middleware and handler keep the handler from being called', async () => {
      await using bed = await TestBed.open({ config: { driver, concurrency_request_limit: 1 } });
      const middleware = slow(bed, 'mw');
      const handler = vi.fn();
      await bed.route('/a', handler, { config: { middleware_function_ids: ['mw'] } });
      await bed.route('/b', () => 1);
      const client = connect(bed.address, GET('/a'));
      await middleware.called;
      client.destroy();
      // Served only once the one before is given up.
      expect((await bed.ask('/b')).status).toBe(200);
      middleware.answer({ action: 'continue' });
      await settled();
      expect(handler).not.toHaveBeenCalled();
    });
  });

  it('a connection is used for one request after the other', async () => {
    await using bed = await TestBed.open({ config: { driver } });
    await bed.route('/a', () => 1);
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const { hostname, port } = new URL(`http://${bed.address}`);
    const ports = new Set<number | undefined>();
    for (let i = 0; i < 3; i++) {
      const sent = http.get({ hostname, port, path: '/a', agent });
      const [response] = (await once(sent, 'response')) as [http.IncomingMessage];
      ports.add(sent.socket?.localPort);
      response.resume();
      await once(response, 'end');
    }
    expect(ports.size).toBe(1);
    agent.destroy();
  });
});
