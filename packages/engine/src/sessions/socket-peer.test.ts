import type { JoinTexts, SendOutcome, Socket } from 'iii-listener';
import { rawFromValue } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { OutboxBudget } from './outbox-budget.js';
import { SocketPeer } from './socket-peer.js';

class FakeSocket implements Socket {
  readonly remoteAddress = '10.0.0.7';
  readonly protocol = undefined;
  readonly heard: string[] = [];
  readonly texts: string[] = [];
  bufferedBytes = 0;

  constructor(readonly canPause: boolean) {}

  sendText(): SendOutcome {
    throw new Error('frames are posted');
  }
  sendBinary(): SendOutcome {
    throw new Error('frames are text');
  }
  postText(data: Uint8Array): SendOutcome {
    this.texts.push(Buffer.from(data).toString());
    return 'sent';
  }
  joinPosted(join: JoinTexts): void {
    this.texts.push(Buffer.from(join([Buffer.from('{}'), Buffer.from('{}')])).toString());
  }
  sendTextPieces(pieces: readonly Uint8Array[]): SendOutcome {
    this.texts.push(`${pieces.length} pieces: ${Buffer.concat(pieces).toString()}`);
    return 'sent';
  }
  ping(): void {}
  pause(): void {
    this.heard.push('pause');
  }
  resume(): void {
    this.heard.push('resume');
  }
  close(): void {
    this.heard.push('close');
  }
  terminate(): void {
    this.heard.push('terminate');
  }
}

const MIB = 1024 * 1024;
const turn = () => new Promise((resolve) => setImmediate(resolve));

function setup({ canPause = true, maxOutboxBytes = 64 * MIB } = {}) {
  const socket = new FakeSocket(canPause);
  let overflows = 0;
  const peer = new SocketPeer(socket, {
    maxOutboxBytes,
    budget: new OutboxBudget(1024 * MIB),
    overflow: () => overflows++,
  });
  return { socket, peer, overflows: () => overflows };
}

describe('a worker behind a socket', () => {
  it('waits for a turn of the others at most once in each', async () => {
    const { socket, peer } = setup();
    peer.waitTurn();
    peer.waitTurn();
    expect(socket.heard).toEqual(['pause']);
    await turn();
    expect(socket.heard).toEqual(['pause', 'resume']);
    peer.waitTurn();
    await turn();
    expect(socket.heard).toEqual(['pause', 'resume', 'pause', 'resume']);
  });

  it('does not wait where its socket cannot, and is not resumed when it has ended', async () => {
    const whole = setup({ canPause: false });
    whole.peer.waitTurn();
    const ended = setup();
    ended.peer.waitTurn();
    ended.peer.terminate();
    ended.peer.waitTurn();
    await turn();
    expect([whole.socket.heard, ended.socket.heard]).toEqual([[], ['pause', 'terminate']]);
  });

  const frameOf = (length: number) => ({
    type: 'invokefunction' as const,
    function_id: 'f',
    data: rawFromValue('x'.repeat(length)),
  });

  it('gets long payloads in pieces, within the same bounds', async () => {
    const { socket, peer, overflows } = setup({ maxOutboxBytes: 3 * MIB });
    expect(peer.send(frameOf(10))).toBe('sent');
    expect(peer.send(frameOf(2 * MIB))).toBe('sent');
    expect(socket.texts.map((text) => text.slice(0, 25))).toEqual([
      '{"type":"invokefunction",',
      '3 pieces: {"type":"invoke',
    ]);
    expect(JSON.parse(socket.texts[1]?.slice('3 pieces: '.length) ?? '')).toMatchObject({ function_id: 'f' });
    peer.limitMessages(MIB);
    expect(peer.send(frameOf(2 * MIB))).toBe('too_large');
    peer.limitMessages(100 * MIB);
    expect(peer.send(frameOf(4 * MIB))).toBe('closed');
    await turn();
    expect([socket.texts.length, overflows(), peer.isOpen]).toEqual([2, 1, false]);
  });

  it('gets several frames in one message once it has said that it takes them', () => {
    const { socket, peer } = setup();
    peer.takesBatches();
    expect(socket.texts).toEqual(['#0002{}0002{}']);
  });
});
