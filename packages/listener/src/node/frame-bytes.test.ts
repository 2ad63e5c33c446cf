import { on, once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { textFrames } from './frame-bytes.js';

const LENGTHS = [0, 1, 125, 126, 127, 65_535, 65_536, 70_000];

/** What a receiver makes of some bytes. */
async function received(bytes: Uint8Array, many: number): Promise<string[]> {
  const server = createServer().listen({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => void server.close());
  new WebSocketServer({ server }).on('connection', (_ws, { socket }) => socket.write(bytes));
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  onTestFinished(() => client.terminate());
  const texts: string[] = [];
  for await (const [data, isBinary] of on(client, 'message') as AsyncIterable<[Buffer, boolean]>) {
    if (!isBinary && texts.push(data.toString()) === many) break;
  }
  return texts;
}

it.each(LENGTHS)('a text of %i bytes is one frame', async (length) => {
  const text = 'x'.repeat(length);
  expect(await received(textFrames([Buffer.from(text)]), 1)).toEqual([text]);
});

it('texts keep their order and their borders', async () => {
  const texts = LENGTHS.map((length, at) => String(at).repeat(length)).concat('€', 'end');
  expect(await received(textFrames(texts.map((text) => Buffer.from(text))), texts.length)).toEqual(texts);
});
