import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HealthPort } from './health-port.js';
import { ask, freePorts, LogBook, Squatter } from './test-support.js';

describe('the port for probes', () => {
  let reasons: string[];
  let health: HealthPort;

  beforeEach(async () => {
    reasons = [];
    health = await HealthPort.open(
      { host: '127.0.0.1', port: 0 },
      { reasons: () => reasons, log: new LogBook() },
    );
  });

  afterEach(() => health.close());

  it('tells that the process lives, whatever else is the matter', async () => {
    reasons.push('starting');
    const { status, text, headers } = await ask(health.address, '/healthz');
    expect([status, text]).toEqual([200, '{"status":"ok"}']);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  });

  it('tells whether everything runs, and why not', async () => {
    expect(await ask(health.address, '/readyz')).toMatchObject({ status: 200, text: '{"status":"ready"}' });
    reasons.push('iii-http: restarting');
    const { status, text, headers } = await ask(health.address, '/readyz?verbose');
    expect([status, JSON.parse(text)]).toEqual([
      503,
      { status: 'not_ready', reasons: ['iii-http: restarting'] },
    ]);
    expect(headers['cache-control']).toBe('no-store');
  });

  it('answers HEAD as GET, without the body', async () => {
    reasons.push('starting');
    for (const [path, status] of [
      ['/healthz', 200],
      ['/readyz', 503],
    ] as const) {
      const reply = await ask(health.address, path, { method: 'HEAD' });
      expect(reply).toMatchObject({ status, text: '' });
      expect(Number(reply.headers['content-length'])).toBeGreaterThan(0);
    }
  });

  it('has nothing else, and takes nothing', async () => {
    expect(await ask(health.address, '/')).toMatchObject({ status: 404 });
    expect(await ask(health.address, '/healthz/')).toMatchObject({ status: 404 });
    const refused = await ask(health.address, '/readyz', { method: 'POST' });
    expect(refused).toMatchObject({
      status: 405,
      headers: { allow: 'GET, HEAD', 'cache-control': 'no-store' },
    });
  });

  it('moves, and stays where it is when the other port is taken', async () => {
    const [port = 0] = await freePorts(1);
    const before = health.address;
    expect(await health.move({ host: '127.0.0.1', port })).toBeUndefined();
    expect(health.address).toBe(`127.0.0.1:${port}`);
    await expect(ask(before, '/healthz')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await using squatter = await Squatter.on();
    expect(await health.move({ host: '127.0.0.1', port: squatter.port })).toMatchObject({
      lost: false,
      error: { code: 'address_in_use' },
    });
    expect((await ask(`127.0.0.1:${port}`, '/healthz')).status).toBe(200);
  });

  it('takes more or fewer addresses on the port it has', async () => {
    const [port = 0] = await freePorts(1);
    await health.move({ host: '127.0.0.1', port });
    expect(await health.move({ host: '0.0.0.0', port })).toBeUndefined();
    expect(health.address).toBe(`0.0.0.0:${port}`);
    expect((await ask(`127.0.0.1:${port}`, '/healthz')).status).toBe(200);
  });
});
