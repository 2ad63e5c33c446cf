import { afterEach, expect, it, vi } from 'vitest';
import { driverReport } from './drivers.js';
import { collectBody, ListenerError, listen, listenerErrors } from './index.js';
import type { Audience, DriverChoice } from './types.js';

const { uws } = await driverReport();

async function driverOf(driver: DriverChoice | undefined, audience: Audience | undefined): Promise<string> {
  await using listener = await listen({
    port: 0,
    onRequest: () => {},
    ...(driver && { driver }),
    ...(audience && { audience }),
  });
  return listener.driver;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

it('the public door has what the documentation names', () => {
  expect(typeof collectBody).toBe('function');
  expect(new ListenerError('invalid_option', 'x')).toMatchObject({
    name: 'ListenerError',
    code: 'invalid_option',
    retryable: false,
    message: `x: ${listenerErrors.invalid_option.hint}`,
  });
});

it('the driver follows the choice and the audience', async () => {
  const forWorkers = uws.available ? 'uws' : 'node';
  const forPublic = uws.available && uws.build === 'official' ? 'uws' : 'node';
  expect(await driverOf('node', 'workers')).toBe('node');
  expect(await driverOf('auto', 'workers')).toBe(forWorkers);
  expect(await driverOf(undefined, 'workers')).toBe(forWorkers);
  expect(await driverOf('auto', 'public')).toBe(forPublic);
  expect(await driverOf(undefined, undefined)).toBe(forPublic);
});

it('the JavaScript imitation is never used, and nothing is printed about it', async () => {
  const printed = [
    vi.spyOn(console, 'log'),
    vi.spyOn(console, 'warn'),
    vi.spyOn(process.stdout, 'write'),
    vi.spyOn(process.stderr, 'write'),
  ];
  if (uws.available && uws.build === 'official') return;
  vi.stubEnv('UWS_USE_FALLBACK', '1');
  expect((await driverReport()).uws.available).toBe(false);
  expect(await driverOf('auto', 'workers')).toBe('node');
  await expect(driverOf('uws', 'workers')).rejects.toMatchObject({ code: 'driver_unavailable' });
  for (const spy of printed) expect(spy).not.toHaveBeenCalled();
});
