import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { ListenerError } from '../errors.js';
import type { HttpAnswer, RequestHead, UpgradeDecision } from '../types.js';
import { describeDrivers } from './drivers.js';
import { clientFrame, OPCODE } from './frames.js';
import { Inbox } from './inbox.js';
import { echo, Owners } from './owner.js';
import { Peer } from './peer.js';
import { HANDSHAKE_KEY, handshake, RawClient } from './raw-client.js';

describeDrivers('upgrade', (driver) => {
  it('gives the owner method, raw path, raw query and peer address', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    await Peer.open(listener, '/ws/channels/a%20b?key=K%3D1&dir=read?x');
    const [head] = owners.heads;
    expect(head).toMatchObject({
      method: 'GET',
      path: '/ws/channels/a%20b',
      query: 'key=K%3D1&dir=read?x',
      remoteAddress: '127.0.0.1',
    });
  });

  it('gives the owner every header line in order, names lower-case, repeats kept', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    await RawClient.upgrade(listener, '/', [
      'X-Twice: One',
      'Authorization: Bearer t',
      'x-twice:  Two  ',
      'X-Empty:',
    ]);
    const [head] = owners.heads;
    expect(head?.headers.slice(-4)).toEqual([
      ['x-twice', 'One'],
      ['authorization', 'Bearer t'],
      ['x-twice', 'Two'],
      ['x-empty', ''],
    ]);
    expect(head?.header('x-twice')).toBe('One');
    expect(head?.header('absent')).toBeUndefined();
  });

  it('answers with the accept value of RFC 6455 and negotiates no extension', async () => {
    const listener = await driver.listen(echo());
    const client = await RawClient.connect(listener);
    client.send(handshake('/', ['Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits']));
    const response = await client.response();
    expect(response.status).toBe(101);
    const expected = createHash('sha1').update(`${HANDSHAKE_KEY}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`);
    expect(response.all('sec-websocket-accept')).toEqual([expected.digest('base64')]);
    expect(response.all('sec-websocket-extensions')).toEqual([]);
  });

  it('agrees on the sub-protocol the owner chose among those offered', async () => {
    const owners = new Owners();
    const listener = await driver.listen({
      onUpgrade: () => ({ accept: owners.accept, protocol: 'iii.channel.v1+credit' }),
    });
    const peer = await Peer.open(listener, '/', ['other', 'iii.channel.v1+credit']);
    expect(peer.ws.protocol).toBe('iii.channel.v1+credit');
    expect((await owners.next()).socket.protocol).toBe('iii.channel.v1+credit');
  });

  it('answers without a sub-protocol when the owner chose none', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.connect(listener);
    client.send(handshake('/', ['Sec-WebSocket-Protocol: one, two']));
    const response = await client.response();
    expect(response.status).toBe(101);
    expect(response.all('sec-websocket-protocol')).toEqual([]);
    expect((await owners.next()).socket.protocol).toBeUndefined();
  });

  it('refuses with 500 when the owner chose a sub-protocol that was not offered, and reports it', async () => {
    const errors = new Inbox<unknown>();
    const owners = new Owners();
    const listener = await driver.listen({
      onUpgrade: () => ({ accept: owners.accept, protocol: 'never-offered' }),
      onError: (error) => errors.push(error),
    });
    const client = await RawClient.connect(listener);
    client.send(handshake('/', ['Sec-WebSocket-Protocol: one']));
    expect((await client.response()).status).toBe(500);
    const error = await errors.next();
    expect(error).toBeInstanceOf(ListenerError);
    expect(error).toMatchObject({ code: 'protocol_not_offered' });
    expect(owners.inbox.all).toEqual([]);
  });

  it('delivers messages that the client sends the moment it sees the 101', async () => {
    const owners = new Owners();
    const listener = await driver.listen({
      onUpgrade: async (head) => {
        await turn();
        return owners.onUpgrade(head);
      },
    });
    const client = await RawClient.connect(listener);
    client.send(handshake('/'));
    expect((await client.response()).status).toBe(101);
    client.send(clientFrame(OPCODE.text, 'first'), clientFrame(OPCODE.text, 'second'));
    const owner = await owners.next();
    expect((await owner.messages.next()).text).toBe('first');
    expect((await owner.messages.next()).text).toBe('second');
  });

  // RFC 6455 §4.1 forbids clients to send that early, and uWebSockets.js drops what they send.
  it.runIf(driver.name === 'node')('delivers messages that arrive together with the handshake', async () => {
    const owners = new Owners();
    const listener = await driver.listen(owners);
    const client = await RawClient.connect(listener);
    client.send(Buffer.concat([Buffer.from(handshake('/')), clientFrame(OPCODE.text, 'early')]));
    expect((await (await owners.next()).messages.next()).text).toBe('early');
  });

  it('lets the owner send from within accept', async () => {
    const listener = await driver.listen({
      onUpgrade: () => ({
        accept: (socket) => {
          socket.sendText('hello');
          return { message() {}, closed() {} };
        },
      }),
    });
    const peer = await Peer.open(listener);
    expect(await peer.text()).toBe('hello');
  });

  it('lets the owner close from within accept and still tells it so', async () => {
    const ends = new Inbox<number>();
    const listener = await driver.listen({
      onUpgrade: () => ({
        accept: (socket) => {
          socket.close(4001, 'not you');
          return { message() {}, closed: (code) => ends.push(code) };
        },
      }),
    });
    const peer = await Peer.open(listener);
    expect(await peer.ends.next()).toEqual({ code: 4001, reason: 'not you' });
    expect(await ends.next()).toBe(4001);
  });

  it('closes with 1011 and reports when accept throws', async () => {
    const errors = new Inbox<unknown>();
    const broken = new Error('accept is broken');
    const listener = await driver.listen({
      onUpgrade: () => ({
        accept: () => {
          throw broken;
        },
      }),
      onError: (error) => errors.push(error),
    });
    const peer = await Peer.open(listener);
    expect((await peer.ends.next()).code).toBe(1011);
    expect(await errors.next()).toBe(broken);
  });

  describe('refusal', () => {
    const refusal: HttpAnswer = {
      status: 404,
      headers: [
        ['content-type', 'text/plain'],
        ['x-why', 'unknown'],
        ['x-why', 'channel'],
      ],
      body: 'Channel not found',
    };

    it('carries status, headers and body', async () => {
      const listener = await driver.listen({ onUpgrade: () => ({ reject: refusal }) });
      const client = await RawClient.connect(listener);
      client.send(handshake('/'));
      const response = await client.response();
      expect(response.status).toBe(404);
      expect(response.text).toBe('Not Found');
      expect(response.all('content-type')).toEqual(['text/plain']);
      expect(response.all('x-why')).toEqual(['unknown', 'channel']);
      expect(response.body.toString()).toBe('Channel not found');
    });

    it('is seen by a WebSocket client as an unexpected response', async () => {
      const listener = await driver.listen({ onUpgrade: () => ({ reject: { status: 401 } }) });
      const ws = new WebSocket(`ws://127.0.0.1:${listener.port}/`);
      const [request, response] = await once(ws, 'unexpected-response');
      expect(response.statusCode).toBe(401);
      request.destroy();
    });

    it('with an invalid header is reported and never reaches the wire', async () => {
      const errors = new Inbox<unknown>();
      const listener = await driver.listen({
        onUpgrade: () => ({ reject: { status: 400, headers: [['x', 'a\r\ninjected: 1']] } }),
        onError: (error) => errors.push(error),
      });
      const client = await RawClient.connect(listener);
      client.send(handshake('/'));
      await client.gone;
      expect(client.pending.toString()).not.toContain('injected');
      expect(await errors.next()).toMatchObject({ code: 'invalid_header' });
    });

    it('with 500 follows an owner that throws or rejects', async () => {
      const errors = new Inbox<unknown>();
      const listener = await driver.listen({
        onUpgrade: (head) => {
          if (head.path === '/sync') throw new Error('sync');
          return Promise.reject(new Error('async'));
        },
        onError: (error) => errors.push(error),
      });
      for (const path of ['/sync', '/async']) {
        const client = await RawClient.connect(listener);
        client.send(handshake(path));
        expect((await client.response()).status).toBe(500);
        expect(await errors.next()).toMatchObject({ message: path.slice(1) });
      }
    });
  });

  describe('decision that takes time', () => {
    it('accepts when the owner has made up its mind', async () => {
      const owners = new Owners();
      const asked = new Inbox<(decision: UpgradeDecision) => void>();
      const listener = await driver.listen({
        onUpgrade: () => new Promise((resolve) => asked.push(resolve)),
      });
      const opening = Peer.open(listener);
      (await asked.next())({ accept: owners.accept });
      const peer = await opening;
      peer.ws.send('late but here');
      expect((await (await owners.next()).messages.next()).text).toBe('late but here');
    });

    it('refuses when the owner has made up its mind', async () => {
      const listener = await driver.listen({
        onUpgrade: async () => {
          await turn();
          return { reject: { status: 403, body: 'no' } };
        },
      });
      const client = await RawClient.connect(listener);
      client.send(handshake('/'));
      const response = await client.response();
      expect(response.status).toBe(403);
      expect(response.body.toString()).toBe('no');
    });

    it('is void when the client has gone in the meantime', async () => {
      const owners = new Owners();
      const errors: unknown[] = [];
      const asked = new Inbox<(decision: UpgradeDecision) => void>();
      const listener = await driver.listen({
        onUpgrade: () => new Promise((resolve) => asked.push(resolve)),
        onError: (error) => errors.push(error),
      });
      const impatient = await RawClient.connect(listener);
      impatient.send(handshake('/'));
      const decide = await asked.next();
      impatient.tcp.resetAndDestroy();
      await impatient.gone;

      // Another connection goes through the same steps afterwards, so by then the reset has been noticed.
      const opening = Peer.open(listener, '/second');
      (await asked.next())({ accept: owners.accept });
      await opening;
      decide({ accept: owners.accept });
      await turn();
      expect(owners.inbox.all).toHaveLength(1);
      expect(errors).toEqual([]);
    });
  });

  describe('request that is no sound handshake', () => {
    const upgradeHead = (...headers: string[]) =>
      ['GET /plain HTTP/1.1', 'Host: localhost', ...headers, '\r\n'].join('\r\n');
    const sound = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'];
    const key = `Sec-WebSocket-Key: ${HANDSHAKE_KEY}`;

    async function outcome(
      head: string,
    ): Promise<{ status: number; asked: number; served: RequestHead[]; text: string }> {
      const owners = new Owners();
      const served: RequestHead[] = [];
      const listener = await driver.listen({
        ...owners,
        onUpgrade: owners.onUpgrade,
        onRequest: (request, response) => {
          served.push(request);
          response.send(200);
        },
      });
      const client = await RawClient.connect(listener);
      client.send(head);
      const response = await client.response();
      return { status: response.status, asked: owners.heads.length, served, text: response.body.toString() };
    }

    it('is answered with 400 when the version is not 13', async () => {
      for (const version of ['Sec-WebSocket-Version: 8', 'Sec-WebSocket-Version: 14', 'X-No-Version: 1']) {
        const result = await outcome(upgradeHead('Connection: Upgrade', 'Upgrade: websocket', version, key));
        expect(result).toMatchObject({ status: 400, asked: 0, served: [] });
        expect(result.text).toContain('Sec-WebSocket-Version');
      }
    });

    it('is answered with 400 when the key is missing or malformed', async () => {
      for (const bad of [
        'X-No-Key: 1',
        'Sec-WebSocket-Key: short',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ!!',
      ]) {
        const result = await outcome(upgradeHead(...sound, bad));
        expect(result).toMatchObject({ status: 400, asked: 0, served: [] });
        expect(result.text).toContain('Sec-WebSocket-Key');
      }
    });

    it('is an ordinary request without Connection: upgrade or without Upgrade: websocket', async () => {
      for (const head of [
        upgradeHead('Upgrade: websocket', 'Sec-WebSocket-Version: 13', key),
        upgradeHead('Connection: Upgrade', 'Sec-WebSocket-Version: 13', key),
        upgradeHead(
          'Connection: Upgrade, HTTP2-Settings',
          'Upgrade: h2c',
          'HTTP2-Settings: AAMAAABkAAQAoAAA',
        ),
        upgradeHead(...sound, key)
          .replace('GET', 'POST')
          .replace('\r\n\r\n', '\r\nContent-Length: 0\r\n\r\n'),
      ]) {
        const result = await outcome(head);
        expect(result).toMatchObject({ status: 200, asked: 0 });
        expect(result.served[0]?.path).toBe('/plain');
      }
    });

    it('keeps its connection for the next request', async () => {
      const listener = await driver.listen({
        ...echo(),
        onRequest: (request, response) => response.send(200, [], request.path),
      });
      const client = await RawClient.connect(listener);
      client.send(upgradeHead('Connection: Upgrade', 'Upgrade: h2c'));
      expect((await client.response()).body.toString()).toBe('/plain');
      client.send('GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n');
      expect((await client.response()).body.toString()).toBe('/next');
    });

    it('may spell its header values in any case and in lists', async () => {
      const owners = new Owners();
      const listener = await driver.listen(owners);
      const client = await RawClient.connect(listener);
      client.send(
        upgradeHead(
          'Connection: keep-alive, UPGRADE',
          'Upgrade: WebSocket',
          'Sec-WebSocket-Version: 13',
          key,
        ),
      );
      expect((await client.response()).status).toBe(101);
      expect(owners.heads).toHaveLength(1);
    });
  });

  it('is answered by onRequest when there is no onUpgrade', async () => {
    const listener = await driver.listen({
      onRequest: (request, response) => response.send(200, [], `${request.header('upgrade')}`),
    });
    const client = await RawClient.connect(listener);
    client.send(handshake('/'));
    const response = await client.response();
    expect(response.status).toBe(200);
    expect(response.body.toString()).toBe('websocket');
  });
});
