import { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { CHUNK_BYTES, costOf, parseGrant, WINDOW } from '../wire.js';
import { readerOver, unreadReader } from './reader-test-support.js';
import { type FakeTransport, failureOf, settled } from './test-support.js';

function grantsOf(transport: FakeTransport): number[] {
  return transport.sent.map((message) => parseGrant(Buffer.from(message)) ?? Number.NaN);
}

/** The credit that a sender has left, given what it has sent. */
function creditOf(transport: FakeTransport, sent: number): number {
  return (grantsOf(transport).at(-1) ?? WINDOW.initial) - sent;
}

describe('back-pressure of a reader', () => {
  const chunk = Buffer.alloc(CHUNK_BYTES - 64);

  it('grants nothing while nothing is read, so that a window at most is held', async () => {
    const { transport } = unreadReader();
    for (let sent = 0; sent < WINDOW.initial; sent += costOf(chunk.byteLength)) transport.binary(chunk);
    await settled();
    expect(transport.sent).toEqual([]);
  });

  it('grants what was taken', async () => {
    const { reader, transport } = unreadReader();
    const cost = costOf(chunk.byteLength);
    for (let i = 0; i < 4; i++) transport.binary(chunk);
    for (let i = 1; i <= 4; i++) {
      await settled();
      expect(grantsOf(transport).at(-1) ?? WINDOW.initial).toBe(WINDOW.initial + (i - 1) * cost);
      reader.stream.read();
    }
    expect(creditOf(transport, 4 * cost)).toBe(WINDOW.initial);
  });

  it('grants what text cost once it was delivered', async () => {
    const { reader, open } = readerOver();
    reader.onMessage(() => {});
    const transport = open();
    const text = 'é'.repeat(100_000);
    transport.text(text);
    expect(grantsOf(transport)).toEqual([WINDOW.initial + costOf(200_000)]);
  });

  it('follows a slow consumer', async () => {
    const { reader, made } = readerOver();
    const release: Array<() => void> = [];
    const slow = new Writable({
      highWaterMark: 1,
      write: (_chunk, _encoding, done) => void release.push(done),
    });
    const piped = pipeline(reader.stream, slow);
    await settled();
    made[0]!.events.opened();
    const transport = made[0]!;
    let sent = 0;
    let taken = 0;
    for (let i = 0; i < 40; i++) {
      while (creditOf(transport, sent) > 0) {
        transport.binary(chunk);
        sent += costOf(chunk.byteLength);
      }
      await settled();
      expect(sent - taken).toBeLessThanOrEqual(WINDOW.initial + 2 * costOf(chunk.byteLength));
      release.shift()?.();
      taken += costOf(chunk.byteLength);
      await settled();
    }
    expect(grantsOf(transport).length).toBeGreaterThan(10);
    reader.stream.destroy();
    await expect(piped).rejects.toThrow();
  });

  it('does not stop a read of more than a window', async () => {
    const { reader, transport } = unreadReader();
    const wanted = 4 * WINDOW.initial;
    let sent = 0;
    while (reader.stream.read(wanted) === null) {
      expect(creditOf(transport, sent)).toBeGreaterThan(0);
      transport.binary(chunk);
      sent += costOf(chunk.byteLength);
      await settled();
    }
    expect(sent).toBeGreaterThan(wanted);
  });

  it('pauses a connection without credit at a window, and resumes it at half of it', async () => {
    const { reader, transport } = unreadReader(false);
    await settled();
    // The first goes to the stream and waits no more.
    for (let i = 0; i < 5; i++) {
      expect(transport.calls).toEqual([]);
      transport.binary(chunk);
    }
    expect(transport.calls).toEqual(['pause']);
    const taken: number[] = [];
    while (transport.calls.length === 1) {
      taken.push((reader.stream.read() as Buffer).byteLength);
      await settled();
    }
    expect(transport.calls).toEqual(['pause', 'resume']);
    expect(taken).toHaveLength(3);
    expect(transport.sent).toEqual([]);
  });

  it('ends with 1008 for a peer that sends without credit', async () => {
    const { reader, transport } = unreadReader();
    transport.binary(Buffer.alloc(WINDOW.initial));
    transport.binary('x');
    transport.binary('ignored');
    expect(transport.calls).toEqual(['close 1008 an item came without credit']);
    expect((reader.stream.read() as Buffer).byteLength).toBe(WINDOW.initial);
    reader.stream.read();
    expect(await failureOf(reader.stream)).toMatchObject({ code: 'protocol_violation', closeCode: 1008 });
  });

  it('ends with 1008 for a peer that sends text without a sign', async () => {
    const { reader, transport } = unreadReader();
    transport.events.message(Buffer.from('hello'), false);
    expect(transport.calls).toEqual(['close 1008 a reader is sent items, and nothing else']);
    expect(await failureOf(reader.stream)).toMatchObject({ code: 'protocol_violation' });
  });
});
