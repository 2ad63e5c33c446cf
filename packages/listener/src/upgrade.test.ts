import { expect, it } from 'vitest';
import { Head } from './request-head.js';
import type { HeaderList } from './types.js';
import { checkProtocol, handshakeFault, wantsWebSocket } from './upgrade.js';

const SOUND: HeaderList = [
  ['connection', 'Upgrade'],
  ['upgrade', 'websocket'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
];
const head = (headers: HeaderList, method = 'GET') => new Head(method, '/', '', headers, '');
const without = (name: string): HeaderList => SOUND.filter(([key]) => key !== name);

it('a GET that asks for websocket wants one', () => {
  expect(wantsWebSocket(head(SOUND))).toBe(true);
  expect(
    wantsWebSocket(
      head([
        ['connection', 'x, UPGRADE'],
        ['upgrade', 'foo/1, WebSocket'],
      ]),
    ),
  ).toBe(true);
});

it('anything else does not', () => {
  expect(wantsWebSocket(head(SOUND, 'POST'))).toBe(false);
  expect(wantsWebSocket(head(without('connection')))).toBe(false);
  expect(wantsWebSocket(head(without('upgrade')))).toBe(false);
  expect(wantsWebSocket(head([...without('upgrade'), ['upgrade', 'websockets']]))).toBe(false);
});

it('a sound handshake has no fault', () => {
  expect(handshakeFault(head(SOUND))).toBeUndefined();
});

it('a wrong version is refused with the right one', () => {
  const fault = handshakeFault(head(without('sec-websocket-version')));
  expect(fault?.status).toBe(400);
  expect(fault?.headers).toContainEqual(['sec-websocket-version', '13']);
});

it('a wrong key is refused', () => {
  for (const key of [
    '',
    'short',
    'dGhlIHNhbXBsZSBub25jZQ=',
    'dGhlIHNhbXBsZSBub25jZ===',
    `${'*'.repeat(22)}==`,
  ]) {
    const fault = handshakeFault(head([...without('sec-websocket-key'), ['sec-websocket-key', key]]));
    expect(fault?.status, key).toBe(400);
  }
});

it('a protocol must have been offered, on any line, in exact case', () => {
  const offering = head([
    ['sec-websocket-protocol', 'one, two'],
    ['sec-websocket-protocol', 'three'],
  ]);
  for (const offered of ['one', 'two', 'three', undefined]) checkProtocol(offering, offered);
  for (const other of ['One', 'four', '']) {
    expect(() => checkProtocol(offering, other)).toThrow(/offered: one, two, three/);
  }
  expect(() => checkProtocol(head([]), 'one')).toThrow(/offered: none/);
});
