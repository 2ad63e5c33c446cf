import { expect, it } from 'vitest';
import { resolveSettings } from './settings.js';

const onRequest = () => {};

it('fills in the defaults', async () => {
  expect(await resolveSettings({ port: 0, onRequest })).toMatchObject({
    host: '127.0.0.1',
    address: '127.0.0.1',
    port: 0,
    headerTimeoutMs: 10_000,
    keepAliveTimeoutMs: 10_000,
    maxMessageBytes: 64 * 1024 * 1024,
    closeTimeoutMs: 5000,
    onUpgrade: undefined,
  });
});

it('resolves a name once, and keeps it', async () => {
  const { host, address } = await resolveSettings({ port: 0, host: 'localhost', onRequest });
  expect(host).toBe('localhost');
  expect(['127.0.0.1', '::1']).toContain(address);
});

it('refuses impossible values, naming option, value and range', async () => {
  await expect(resolveSettings({ port: 70_000, onRequest })).rejects.toThrow(/port is 70000.*0 to 65535/);
  await expect(resolveSettings({ port: 0, onRequest, maxMessageBytes: 0 })).rejects.toMatchObject({
    code: 'invalid_option',
  });
});
