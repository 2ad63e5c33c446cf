import { expect, it } from 'vitest';
import { chooseDriver, driverReport, type UwsReport } from './drivers.js';

const official: UwsReport = { available: true, build: 'official', version: '20.52.0' };
const community: UwsReport = { available: true, build: 'community', version: '20.30.0' };
const missing: UwsReport = { available: false, reason: 'uWebSockets.js is not installed' };

it('node is node, whatever is installed', () => {
  for (const uws of [official, community, missing]) {
    expect(chooseDriver('node', 'workers', uws)).toBe('node');
    expect(chooseDriver('node', 'public', uws)).toBe('node');
  }
});

it('uws by name takes any build, or fails with the reason and a way out', () => {
  expect(chooseDriver('uws', 'public', community)).toBe('uws');
  expect(chooseDriver('uws', 'workers', official)).toBe('uws');
  expect(() => chooseDriver('uws', 'workers', missing)).toThrow(
    expect.objectContaining({
      code: 'driver_unavailable',
      message: expect.stringMatching(/not installed.*driver 'node' or 'auto'/),
    }),
  );
});

it('auto takes uws for workers whenever it loads', () => {
  expect(chooseDriver('auto', 'workers', official)).toBe('uws');
  expect(chooseDriver('auto', 'workers', community)).toBe('uws');
  expect(chooseDriver('auto', 'workers', missing)).toBe('node');
});

it('auto takes uws for the public only in its official build', () => {
  expect(chooseDriver('auto', 'public', official)).toBe('uws');
  expect(chooseDriver('auto', 'public', community)).toBe('node');
  expect(chooseDriver('auto', 'public', missing)).toBe('node');
});

it('the report always has node, and says of uws which build or why not', async () => {
  const report = await driverReport();
  expect(report.node).toEqual({ available: true });
  if (report.uws.available) {
    expect(['official', 'community']).toContain(report.uws.build);
    expect(report.uws.version).toMatch(/^\d+\.\d+/);
    expect(report.uws).not.toHaveProperty('module');
  } else {
    expect(report.uws.reason).not.toBe('');
  }
});
