import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Turn } from '../turn.js';
import { Arrivals } from './arrivals.js';
import type { NativeWebSocket } from './native.js';
import { UwsSocket } from './socket.js';

/** A native socket without a connection, which throws after its end as the real one does. */
class FakeWebSocket implements NativeWebSocket {
  readonly calls: string[] = [];
  buffered = 0;
  outcome = 1;
  owner: UwsSocket | undefined;
  #over = false;

  #alive(): void {
    if (this.#over) throw new Error('Invalid access of closed uWS.WebSocket/SSLWebSocket.');
  }

  send(data: string | Uint8Array): number {
    this.#alive();
    this.calls.push(`send ${data.length}`);
    return this.outcome;
  }

  sendFirstFragment(data: string | Uint8Array): number {
    return this.send(data);
  }

  sendFragment(data: string | Uint8Array): number {
    return this.send(data);
  }

  sendLastFragment(data: string | Uint8Array): number {
    return this.send(data);
  }

  cork(send: () => void): void {
    this.#alive();
    this.calls.push('cork');
    send();
    this.calls.push('uncork');
  }

  subscribe(topic: string): boolean {
    this.#alive();
    this.calls.push(`subscribe ${topic}`);
    return true;
  }

  getBufferedAmount(): number {
    this.#alive();
    return this.buffered;
  }

  ping(): number {
    this.#alive();
    return 1;
  }

  end(code: number, reason: string): void {
    this.#alive();
    this.#over = true;
    this.calls.push(`end ${code} ${reason}`);
    this.owner?.closed(code, reason);
  }

  close(): void {
    this.#alive();
    this.#over = true;
    this.calls.push('close');
    this.owner?.closed(1006, '');
  }

  getUserData(): unknown {
    this.#alive();
    return undefined;
  }
}

function open(
  heard: string[] = [],
  arrivals = new Arrivals(new Turn()),
  during?: (socket: UwsSocket) => void,
) {
  const errors: unknown[] = [];
  const socket = new UwsSocket({
    remoteAddress: '127.0.0.1',
    protocol: undefined,
    maxMessageBytes: 10,
    closeTimeoutMs: 5000,
    turn: new Turn(),
    arrivals,
    report: (error) => errors.push(error),
    accept: () => ({
      message: (data) => {
        heard.push(`message ${data.length}`);
        during?.(socket);
      },
      drained: () => heard.push('drained'),
      closed: (code) => heard.push(`closed ${code}`),
    }),
  });
  const ws = new FakeWebSocket();
  ws.owner = socket;
  socket.opened(ws);
  return { socket, ws, errors, heard };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate'] });
});

afterEach(() => {
  vi.useRealTimers();
});

describe('sending', () => {
  it('keeps the library off its shortcut for large messages, which loses some of them', () => {
    const { socket, ws } = open();
    socket.sendBinary(new Uint8Array(16 * 1024 - 1));
    expect(ws.calls).toEqual(['send 16383']);
    socket.sendBinary(new Uint8Array(16 * 1024));
    socket.sendBinary(new Uint8Array(64 * 1024));
    expect(ws.calls).toEqual(['send 16383', 'subscribe no-shortcut', 'send 16384', 'send 65536']);
  });

  it('takes a text for as large as its UTF-8 can be', () => {
    const { socket, ws } = open();
    socket.sendText('ä'.repeat(5_461));
    expect(ws.calls).toEqual(['send 5461']);
    socket.sendText('€'.repeat(5_462));
    expect(ws.calls[1]).toBe('subscribe no-shortcut');
  });
});

describe('closing', () => {
  it('sends the close frame at once when nothing waits', async () => {
    const { socket, ws, heard } = open();
    socket.close(1000, 'bye');
    expect(ws.calls).toEqual(['end 1000 bye']);
    await Promise.resolve();
    expect(heard).toEqual(['closed 1000']);
  });

  it('waits until what was sent before has left', async () => {
    const { socket, ws, heard } = open();
    ws.buffered = 100;
    socket.close(1000, 'bye');
    expect(ws.calls).toEqual([]);
    expect(socket.sendText('x')).toBe('closed');
    expect(socket.bufferedBytes).toBe(100);
    ws.buffered = 50;
    socket.drained();
    vi.runAllTicks();
    vi.advanceTimersByTime(10);
    expect(ws.calls).toEqual([]);
    ws.buffered = 0;
    socket.drained();
    vi.advanceTimersByTime(10);
    expect(ws.calls).toEqual(['end 1000 bye']);
    expect(vi.getTimerCount()).toBe(0);
    await Promise.resolve();
    expect(heard).toEqual(['closed 1000']);
  });

  it('gives up after the deadline', async () => {
    const { socket, ws, heard } = open();
    ws.buffered = 100;
    socket.close(1000);
    vi.advanceTimersByTime(4999);
    expect(ws.calls).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(ws.calls).toEqual(['close']);
    await Promise.resolve();
    expect(heard).toEqual(['closed 1006']);
  });

  it('hears nothing more in the meantime', () => {
    const { socket, ws, heard } = open();
    ws.buffered = 100;
    socket.close(1000);
    socket.message(new ArrayBuffer(5), true);
    expect(heard).toEqual([]);
  });

  it('survives a drain that is told after the end', () => {
    const { socket, ws } = open();
    ws.outcome = 0;
    socket.sendText('x');
    socket.drained();
    socket.terminate();
    vi.advanceTimersByTime(10);
    expect(ws.calls).toEqual(['send 1', 'close']);
  });
});

describe('sending', () => {
  it('owes one drained for any number of sends that did not fit', () => {
    const { socket, ws, heard } = open();
    ws.outcome = 0;
    expect([socket.sendText('a'), socket.sendText('b')]).toEqual(['buffered', 'buffered']);
    socket.drained();
    socket.drained();
    vi.advanceTimersByTime(10);
    expect(heard).toEqual(['drained']);
  });

  it('owes none for sends that fit', () => {
    const { socket, heard } = open();
    expect(socket.sendText('a')).toBe('sent');
    socket.drained();
    vi.advanceTimersByTime(10);
    expect(heard).toEqual([]);
  });

  it('past what the library can hold cuts the connection and is reported', async () => {
    const { socket, ws, errors, heard } = open();
    ws.outcome = 2;
    expect(socket.sendText('a')).toBe('closed');
    expect(ws.calls.at(-1)).toBe('close');
    expect(errors).toEqual([expect.objectContaining({ code: 'send_buffer_overflow' })]);
    await Promise.resolve();
    expect(heard).toEqual(['closed 1006']);
  });
});

describe('messages', () => {
  it('of several sockets are told together, in the order they came in', () => {
    const heard: string[] = [];
    const arrivals = new Arrivals(new Turn());
    const [one, other] = [open(heard, arrivals).socket, open(heard, arrivals).socket];
    one.message(new ArrayBuffer(1), true);
    other.message(new ArrayBuffer(2), true);
    one.message(new ArrayBuffer(3), true);
    expect(heard).toEqual([]);
    vi.runAllTimers();
    expect(heard).toEqual(['message 1', 'message 2', 'message 3']);
  });

  it('are told before the end, when the peer leaves after them', async () => {
    const { socket, heard } = open();
    socket.message(new ArrayBuffer(1), true);
    socket.message(new ArrayBuffer(2), true);
    socket.closed(1000, '');
    await Promise.resolve();
    expect(heard).toEqual(['message 1', 'message 2', 'closed 1000']);
    vi.runAllTimers();
    expect(heard).toHaveLength(3);
  });

  it('that are told behind the end cannot be answered any more', async () => {
    const { socket, ws, heard } = open([], undefined, (to) => {
      expect([to.sendText('x'), to.sendBinary(new Uint8Array(1)), to.postText(new Uint8Array(1))]).toEqual(
        new Array(3).fill('closed'),
      );
      expect(to.bufferedBytes).toBe(0);
      to.ping();
    });
    socket.message(new ArrayBuffer(1), true);
    ws.end(1000, '');
    await Promise.resolve();
    expect(heard).toEqual(['message 1', 'closed 1000']);
  });

  for (const end of ['close', 'terminate'] as const) {
    it(`that are told behind the end are the last after ${end}`, async () => {
      const { socket, ws, heard, errors } = open([], undefined, (to) => to[end](1000));
      socket.message(new ArrayBuffer(1), true);
      socket.message(new ArrayBuffer(2), true);
      ws.end(1000, '');
      await Promise.resolve();
      expect([heard, errors]).toEqual([['message 1', 'closed 1000'], []]);
    });
  }

  it('are told before the end, when one behind them is too large', async () => {
    const { socket, ws, heard } = open();
    socket.message(new ArrayBuffer(1), true);
    socket.message(new ArrayBuffer(11), true);
    await Promise.resolve();
    expect(heard).toEqual(['message 1', 'closed 1009']);
    expect(ws.calls).toEqual(['end 1009 message over the size limit']);
  });

  for (const end of ['close', 'terminate'] as const) {
    it(`are not told after ${end}, not even those that had come in`, async () => {
      const { socket, heard } = open();
      socket.message(new ArrayBuffer(1), true);
      socket[end](1000);
      vi.runAllTimers();
      await Promise.resolve();
      expect(heard).toEqual([`closed ${end === 'close' ? 1000 : 1006}`]);
    });
  }
});

describe('why the library closed', () => {
  for (const [reason, code] of [
    ['Received too big message', 1009],
    ['Received too big message, or other inflation error', 1009],
    ['Received invalid UTF-8', 1007],
    ['anything else', 1006],
  ] as const) {
    it(`is ${code} for ${JSON.stringify(reason)}`, async () => {
      const { socket, heard } = open();
      socket.closed(1006, reason);
      await Promise.resolve();
      expect(heard).toEqual([`closed ${code}`]);
    });
  }

  it('is the code of the peer when it sent one', async () => {
    const { socket, heard } = open();
    socket.closed(4000, 'Received invalid UTF-8');
    await Promise.resolve();
    expect(heard).toEqual(['closed 4000']);
  });
});
