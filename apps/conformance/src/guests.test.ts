import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { crc32 } from 'node:zlib';
import { createChannel } from 'official-iii-sdk/helpers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { EngineProcess } from './engine-process.js';
import { type Guest, type Language, prepareGuest } from './guests.js';
import { type OfficialClient, offered, registerOfficial } from './official.js';
import { availableDrivers } from './on-both-drivers.js';
import { TcpProxy } from './proxy.js';
import { Seen } from './queue-client.js';
import { Wire } from './wire.js';

const LANGUAGES: readonly Language[] = ['python', 'rust'];
const guests = new Map(
  await Promise.all(
    LANGUAGES.map(async (language) => [language, await prepareGuest(language, false)] as const),
  ),
);

const open: Array<() => Promise<unknown>> = [];

beforeAll(() => {
  for (const method of ['debug', 'log', 'warn', 'error'] as const) {
    vi.spyOn(console, method).mockImplementation(() => {});
  }
});

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

function start(guest: Guest, url: string): void {
  if (!guest.available) throw new Error(guest.reason);
  const child = spawn(guest.command, [...guest.args, url], { stdio: 'ignore' });
  open.push(async () => {
    if (child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
}

const config = `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - { name: iii-queue, config: { adapter: { name: in_memory }, queue_configs: { once: { max_retries: 0 } } } }
`;

function host(url: string): OfficialClient {
  const client = registerOfficial(url, 'host');
  client.registerFunction('host::double', async ({ n }: { n: number }) => ({ doubled: n * 2 }));
  open.push(() => client.shutdown());
  return client;
}

/** The guest queues for others and for itself, and others for it (worker-queue.md E-04, §18.10). */
async function queue(client: OfficialClient): Promise<void> {
  const call = <T>(function_id: string, payload: object) =>
    client.trigger<object, T>({ function_id, payload });
  const jobs = new Seen<unknown>();
  client.registerFunction('host::job', async (data: unknown) => jobs.note(data));
  client.registerFunction('host::double-job', async ({ n }: { n: number }) => jobs.note(n * 2));
  await offered(client, 'host::double-job');
  await offered(client, 'guest::queue');
  const job = { a: [1, 'ä'], n: 2 ** 53 - 1 };
  const receipt = await call('guest::queue', { to: 'host::job', with: job, queue: 'once' });
  expect(receipt).toEqual({ messageReceiptId: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(await jobs.reach(1)).toEqual([job]);
  // Queued by this one, run by the guest, which calls back.
  const action = { type: 'enqueue', queue: 'once' } as const;
  const relayed = { to: 'host::double-job', with: { n: 21 } };
  await client.trigger({ function_id: 'guest::relay', payload: relayed, action });
  expect((await jobs.reach(2))[1]).toBe(42);
  const failing = await client.trigger<object, { messageReceiptId: string }>({
    function_id: 'guest::fail',
    payload: {},
    action,
  });
  const dead = () => call<object[]>('engine::queue::dlq_messages', { topic: 'once' });
  await expect
    .poll(dead, { timeout: 15_000 })
    .toMatchObject([
      { id: failing.messageReceiptId, error: expect.stringMatching(/^invocation_failed: .*boom/) },
    ]);
  await expect(call('guest::queue', { to: 'host::job', with: {}, queue: 'nowhere' })).rejects.toThrow(
    /enqueue_error.*nowhere.*not found/s,
  );
}

/** Calls the guest in every way it can be called. */
async function converse(client: OfficialClient): Promise<void> {
  const call = (function_id: string, payload: object) => client.trigger({ function_id, payload });
  await offered(client, 'guest::fail');
  expect(await call('guest::echo', { a: [1, 'ä'], n: 2 ** 53 - 1 })).toMatchObject({
    got: { a: [1, 'ä'], n: 2 ** 53 - 1 },
  });
  expect(await call('guest::relay', { to: 'host::double', with: { n: 21 } })).toEqual({ doubled: 42 });
  await expect(call('guest::fail', {})).rejects.toMatchObject({
    code: 'invocation_failed',
    message: expect.stringContaining('boom') as string,
  });
}

interface Moved {
  readonly bytes: number;
  readonly crc32: number;
}

/** Streams to the guest and from it, in pieces of any size. */
async function stream(client: OfficialClient, url: string): Promise<void> {
  await offered(client, 'guest::fill');
  // The second is more than a Python client receives in one message.
  for (const pieceBytes of [10_000, 3 * 1024 * 1024]) {
    const { writerRef, readerRef } = await createChannel(client);
    const data = randomBytes(6 * 1024 * 1024);
    const { channel_id, access_key } = writerRef;
    const socket = new WebSocket(`${url}/ws/channels/${channel_id}?key=${access_key}&dir=write`);
    await once(socket, 'open');
    for (let at = 0; at < data.length; at += pieceBytes) socket.send(data.subarray(at, at + pieceBytes));
    const drained = client.trigger({ function_id: 'guest::drain', payload: { input: readerRef } });
    socket.close(1000);
    expect(await drained).toMatchObject({ bytes: data.length, crc32: crc32(data) });
  }
  const { reader, writerRef } = await createChannel(client);
  const messages: string[] = [];
  reader.onMessage((message) => messages.push(message));
  const filling = client.trigger<object, Moved>({
    function_id: 'guest::fill',
    payload: { output: writerRef, bytes: 6_000_000 },
  });
  const data = await reader.readAll();
  const { bytes, crc32: expected } = await filling;
  expect([data.length, crc32(data), messages]).toEqual([bytes, expected, ['done']]);
}

for (const driver of await availableDrivers()) {
  for (const [language, guest] of guests) {
    const skipped = guest.available ? '' : ` (skipped: ${guest.reason})`;
    describe.skipIf(!guest.available)(`the official ${language} client on ${driver}${skipped}`, () => {
      it('offers functions, calls others, queues, binds triggers, streams both ways, and comes back to a restarted engine', async () => {
        let engine = await EngineProcess.start({ driver, config });
        open.push(() => engine.stop());
        const proxy = await TcpProxy.start(engine.url);
        open.push(() => proxy.stop());
        const { url } = proxy;
        start(guest, url);
        const client = host(url);
        await converse(client);
        await queue(client);
        await stream(client, url);
        for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
          await engine.stop(signal);
          engine = await EngineProcess.start({ driver, config });
          proxy.redirect(engine.url);
          await converse(client);
        }
        const provider = await Wire.connect(url);
        open.push(async () => provider.socket.terminate());
        provider.announce({ name: 'provider' });
        provider.send({ type: 'registertriggertype', id: 'guest-type', description: 'd' });
        expect(await provider.take(({ type }) => type === 'registertrigger')).toMatchObject({
          trigger_type: 'guest-type',
          function_id: 'guest::echo',
          config: { n: 1 },
        });
      }, 60_000);
    });
  }
}
