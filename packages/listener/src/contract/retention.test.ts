import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Listener } from '../types.js';
import { describeDrivers } from './drivers.js';
import { Inbox } from './inbox.js';
import { Owners } from './owner.js';
import { RawClient } from './raw-client.js';
import { get, post } from './serve.js';

const CYCLES = 1000;

/** Sockets of this process, those included that node:net does not know of. */
function openHandles(): number {
  const { libuv } = process.report.getReport() as { libuv: Array<{ type: string }> };
  return libuv.filter(({ type }) => type === 'tcp' || type === 'poll').length;
}

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

/** How many of the objects are still held by somebody. */
async function retained(references: ReadonlyArray<WeakRef<object>>): Promise<number> {
  let alive = references.length;
  // Objects die over several rounds: finalizers, and native handles that close a turn later.
  for (let round = 0; round < 20 && alive > 0; round++) {
    await turn();
    collect();
    alive = references.filter((reference) => reference.deref() !== undefined).length;
  }
  return alive;
}

async function cycleWebSocket({ port }: Listener, index: number): Promise<void> {
  const ws = new WebSocket(`ws://127.0.0.1:${port}/${index}`);
  await once(ws, 'open');
  ws.send('x');
  await once(ws, 'message');
  if (index % 2 === 0) ws.close(1000);
  else ws.terminate();
  await once(ws, 'close');
}

describeDrivers('after many connections', (driver) => {
  it(`nothing is left of ${CYCLES} WebSockets`, async () => {
    const sockets: Array<WeakRef<object>> = [];
    const ends = new Inbox<number>();
    const listener = await driver.listen({
      onUpgrade: (head) => {
        sockets.push(new WeakRef(head));
        return {
          accept: (socket) => {
            sockets.push(new WeakRef(socket));
            return { message: (data) => void socket.sendText(data), closed: (code) => ends.push(code) };
          },
        };
      },
    });
    const before = openHandles();
    for (let index = 0; index < CYCLES; index += 10) {
      await Promise.all(Array.from({ length: 10 }, (_, offset) => cycleWebSocket(listener, index + offset)));
    }
    await ends.until((all) => all.length === CYCLES);
    expect(sockets).toHaveLength(2 * CYCLES);
    // The last few may still be referenced from a register or a pool.
    expect(await retained(sockets)).toBeLessThan(10);
    for (let round = 0; openHandles() > before && round < 100; round++) await turn();
    expect(openHandles()).toBeLessThanOrEqual(before);
  });

  it(`nothing is left of ${CYCLES} requests, finished, aborted or abandoned`, async () => {
    const objects: Array<WeakRef<object>> = [];
    const ends = new Inbox<boolean>();
    const seen = new Inbox<string>();
    const listener = await driver.listen({
      onRequest: (request, response) => {
        seen.push(request.path);
        objects.push(new WeakRef(request), new WeakRef(response));
        response.onClosed((completed) => ends.push(completed));
        if (request.path === '/answered') response.send(200, [], 'x');
        if (request.path === '/aborted') response.abort();
      },
    });
    const before = openHandles();
    for (let index = 0; index < CYCLES; index++) {
      const client = await RawClient.connect(listener);
      if (index % 3 === 0) {
        client.send(get('/answered', ['Connection: close']));
      } else if (index % 3 === 1) {
        client.send(post('/aborted', 10), 'half');
      } else {
        client.send(get('/abandoned'));
        await seen.until((all) => all.length === index + 1);
        client.tcp.destroy();
      }
      await client.gone;
      await ends.until((all) => all.length === index + 1);
    }
    expect(await retained(objects)).toBeLessThan(10);
    for (let round = 0; openHandles() > before && round < 100; round++) await turn();
    expect(openHandles()).toBeLessThanOrEqual(before);
  });

  it('and after 50 ports, no port is left', async () => {
    const before = openHandles();
    for (let index = 0; index < 50; index++) {
      const listener = await driver.listen({ onUpgrade: () => ({ reject: { status: 404 } }) });
      const client = await RawClient.connect(listener);
      client.send(get());
      await client.response();
      await listener.close();
      await client.gone;
    }
    expect(openHandles()).toBeLessThanOrEqual(before);
  });
});

describeDrivers('what was sent to a peer that does not read', (driver) => {
  async function backlog() {
    const owners = new Owners();
    const client = await RawClient.upgrade(await driver.listen(owners));
    const owner = await owners.next();
    client.tcp.pause();
    const references: Array<WeakRef<object>> = [];
    for (const size of [...Array(64).fill(256 * 1024), 8 * 1024 * 1024]) {
      const message = new Uint8Array(size);
      references.push(new WeakRef(message));
      owner.socket.sendBinary(message);
    }
    return { client, owner, references };
  }

  it('is held only as long as it waits', async () => {
    const { client, owner, references } = await backlog();
    const waiting = await retained(references);
    expect(waiting).toBeGreaterThan(40);
    // A part leaves: it is not held for the sake of the rest.
    client.tcp.resume();
    for (let read = 0; read < 40; read++) await client.frame();
    client.tcp.pause();
    expect(await retained(references)).toBeLessThan(waiting - 10);
    client.tcp.resume();
    await owner.drains.next();
    expect(await retained(references)).toBeLessThan(2);
    expect(owner.socket.sendText('still open')).toBe('sent');
  });

  it('is let go of when the socket ends, even if the socket is kept', async () => {
    const { client, owner, references } = await backlog();
    owner.socket.close(1000);
    owner.socket.terminate();
    await owner.ends.next();
    client.tcp.destroy();
    await client.gone;
    expect(await retained(references)).toBeLessThan(2);
    expect(owner.socket.sendText('x')).toBe('closed');
  });
});
