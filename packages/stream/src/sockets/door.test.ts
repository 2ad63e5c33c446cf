import { once } from 'node:events';
import { gate } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import { drivers, Inbox, Peer, TestBed } from '../test-support.js';
import { authPayload } from './auth.js';

describe.each(drivers)('who connects on %s', (driver) => {
  const open = (config: object = {}) =>
    TestBed.open({ config: { driver, auth_function: 'auth', ...config } });

  it('is judged by the auth function, which sees headers, path and query', async () => {
    await using bed = await open();
    const asked = new Inbox<unknown>();
    const joins = new Inbox<{ context: unknown }>();
    bed.app.registerFunction('auth', (input) => {
      asked.put(input);
      return { context: { user: 'u1' }, more: 1 };
    });
    await bed.bind('stream:join', {}, joins.put);
    const peer = await bed.connect('/?token=a&token=b%20c&flag&=x', {
      headers: { Authorization: 'Bearer x' },
    });
    peer.join('chat', 'room');
    await peer.next();
    expect(asked.items).toEqual([
      {
        headers: expect.objectContaining({ authorization: 'Bearer x', upgrade: 'websocket' }),
        path: '/',
        query_params: { token: ['a', 'b%20c'], flag: [''] },
        addr: '127.0.0.1',
      },
    ]);
    expect(joins.items[0]?.context).toEqual({ user: 'u1' });
  });

  it.each([
    ['fails', () => Promise.reject(new Error('database down'))],
    ['returns nothing', () => undefined],
    ['returns no object', () => 'u1'],
    ['returns a list', () => [{}]],
    ['takes too long', () => new Promise(() => {})],
    ['returns more than may be kept', () => ({ context: 'x'.repeat(70_000) })],
    ['is missing', undefined],
  ])('is refused when the auth function %s', async (_, auth) => {
    await using bed = await open({ limits: { auth_timeout: 100 } });
    if (auth !== undefined) bed.app.registerFunction('auth', auth);
    expect(await bed.refused('/')).toBe(401);
    expect(bed.log.messages('warn')).toEqual([expect.stringContaining('a socket was refused')]);
  });

  it('is let in without context in these cases where fail_open says so', async () => {
    await using bed = await open({ fail_open: true });
    const joins = new Inbox<{ context: unknown }>();
    await bed.bind('stream:join', {}, joins.put);
    const peer = await bed.connect('/stream/chat/room');
    await peer.next();
    expect(joins.items[0]?.context).toBeNull();
    expect(bed.log.messages('warn')).toEqual([expect.stringContaining('let in without context')]);
  });

  it('has no context when the function gives none', async () => {
    await using bed = await open();
    bed.app.registerFunction('auth', () => ({}));
    const joins = new Inbox<{ context: unknown }>();
    await bed.bind('stream:join', {}, joins.put);
    const peer = await bed.connect('/stream/chat/room');
    await peer.next();
    expect(joins.items[0]?.context).toBeNull();
  });

  it('is counted while it is judged', async () => {
    await using bed = await open({ limits: { max_sockets: 1 } });
    const asked = gate();
    const decided = gate<object>();
    bed.app.registerFunction('auth', () => {
      asked.open();
      return decided.opened;
    });
    const first = new Peer(bed.dial());
    await asked.opened;
    expect(await bed.refused('/')).toBe(503);
    decided.open({});
    await once(first.socket, 'open');
  });

  it('may leave while it is judged', async () => {
    await using bed = await open();
    const asked = gate();
    const decided = gate<object>();
    bed.app.registerFunction('auth', () => {
      asked.open();
      return decided.opened;
    });
    const first = bed.dial();
    first.on('error', () => {});
    await asked.opened;
    first.terminate();
    decided.open({});
    bed.app.registerFunction('other', () => 1);
    const second = await bed.connect('/stream/chat/room');
    expect((await second.event()).type).toBe('sync');
  });

  it('is given the first sub-protocol it offers', async () => {
    await using bed = await open({ auth_function: null });
    const offers = bed.dial('/', {}, ['bearer.token', 'other']);
    await once(offers, 'open');
    expect(offers.protocol).toBe('bearer.token');
  });

  it('must be of an allowed origin, where it is a page', async () => {
    await using bed = await open({ auth_function: null, allowed_origins: ['https://app.example'] });
    expect(await bed.refused('/', { origin: 'https://evil.example' })).toBe(403);
    await bed.connect('/', { headers: { origin: 'https://app.example' } });
    await bed.connect();
  });
});

it('the auth function is shown the last of a repeated header, and none that is not visible ASCII', () => {
  const headers = [
    ['x-a', '1'],
    ['x-a', '2'],
    ['x-b', 'caf\u00e9'],
    ['__proto__', 'x'],
  ] as const;
  const head = {
    method: 'GET',
    path: '/',
    query: '__proto__=1&a=b=c',
    headers,
    header: () => undefined,
    remoteAddress: '::1',
  };
  expect(Buffer.from(authPayload(head)).toString()).toBe(
    '{"headers":{"x-a":"2","__proto__":"x"},"path":"/","query_params":{"__proto__":["1"],"a":["b=c"]},"addr":"::1"}',
  );
});
