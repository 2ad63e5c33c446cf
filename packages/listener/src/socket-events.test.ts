import { expect, it } from 'vitest';
import { SocketOwner } from './socket-events.js';
import type { Socket, SocketEvents } from './types.js';

/** Handed through, never looked into. */
const socket: Socket = {
  remoteAddress: '',
  protocol: undefined,
  canPause: false,
  bufferedBytes: 0,
  sendText: () => 'closed',
  postText: () => 'closed',
  joinPosted() {},
  sendTextPieces: () => 'closed',
  sendBinary: () => 'closed',
  ping() {},
  pause() {},
  resume() {},
  close() {},
  terminate() {},
};

function adopted(events: Partial<SocketEvents>) {
  const log: string[] = [];
  const errors: unknown[] = [];
  const owner = new SocketOwner(
    (error) => errors.push(error),
    () => log.push('failed'),
  );
  owner.adopt(
    () => ({
      message: (data) => log.push(`message ${data.length}`),
      closed: (code, reason) => log.push(`closed ${code} ${reason}`),
      ...events,
    }),
    socket,
  );
  return { owner, log, errors };
}

it('passes events on, the optional ones too', () => {
  const heard: string[] = [];
  const { owner, log } = adopted({
    drained: () => heard.push('drained'),
    ping: () => heard.push('ping'),
    pong: () => heard.push('pong'),
  });
  owner.message(new Uint8Array(3), true);
  owner.drained();
  owner.ping();
  owner.pong();
  expect(log).toEqual(['message 3']);
  expect(heard).toEqual(['drained', 'ping', 'pong']);
});

it('lives without the optional ones', () => {
  const { owner, errors } = adopted({});
  owner.drained();
  owner.ping();
  owner.pong();
  expect(errors).toEqual([]);
});

it('tells the end once, later, and nothing after it', async () => {
  const { owner, log } = adopted({});
  owner.closed(1000, 'first');
  owner.closed(1006, 'second');
  owner.message(new Uint8Array(1), false);
  owner.ping();
  expect(log).toEqual([]);
  await Promise.resolve();
  expect(log).toEqual(['closed 1000 first']);
});

it('reports what the owner throws and ends the socket', () => {
  const broken = new Error('broken');
  const { owner, log, errors } = adopted({
    message: () => {
      throw broken;
    },
  });
  owner.message(new Uint8Array(1), false);
  expect(errors).toEqual([broken]);
  expect(log).toEqual(['failed']);
});

it('reports what the owner throws at the end, when there is nothing left to end', async () => {
  const { owner, log, errors } = adopted({
    closed: () => {
      throw new Error('late');
    },
  });
  owner.closed(1000, '');
  await Promise.resolve();
  expect(errors).toHaveLength(1);
  expect(log).toEqual([]);
});

it('tells nobody when accept threw', async () => {
  const log: string[] = [];
  const owner = new SocketOwner(
    () => log.push('reported'),
    () => log.push('failed'),
  );
  owner.adopt(() => {
    throw new Error('accept');
  }, socket);
  owner.message(new Uint8Array(1), false);
  owner.closed(1011, '');
  await Promise.resolve();
  expect(log).toEqual(['reported', 'failed']);
});
