import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { bindError } from './bind-error.js';
import { probeBind } from './uws/bind-probe.js';

function systemError(code: string): Error {
  return Object.assign(new Error(`listen ${code}`), { code });
}

it('names the address and what is wrong with it', () => {
  for (const [errno, code, words] of [
    ['EADDRINUSE', 'address_in_use', '[::1]:80 is already in use'],
    ['EADDRNOTAVAIL', 'address_unavailable', '[::1]:80 is not an address of this machine'],
    ['EAFNOSUPPORT', 'address_unavailable', '[::1]:80 belongs to an address family'],
    ['EACCES', 'permission_denied', '[::1]:80 may not be bound'],
    ['EPERM', 'permission_denied', '[::1]:80 may not be bound'],
    ['EMFILE', 'listen_failed', '[::1]:80 could not be bound'],
  ] as const) {
    const cause = systemError(errno);
    const error = bindError('::1', 80, cause);
    expect(error).toMatchObject({ code, cause });
    expect(error.message).toContain(words);
  }
});

it('copes with a cause that is no system error', () => {
  expect(bindError('127.0.0.1', 80, 'odd').code).toBe('listen_failed');
});

it('the probe finds out why a port cannot be bound', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  expect(await probeBind('127.0.0.1', port)).toMatchObject({ code: 'EADDRINUSE' });
  taken.close();
  await once(taken, 'close');
  expect(await probeBind('192.0.2.1', 0)).toMatchObject({ code: 'EADDRNOTAVAIL' });
});

it('the probe says so when it finds nothing wrong, and leaves the port free', async () => {
  const reason = await probeBind('127.0.0.1', 0);
  expect(reason).toBeInstanceOf(Error);
  expect(bindError('127.0.0.1', 0, reason).code).toBe('listen_failed');
});
