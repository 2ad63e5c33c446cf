import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { faultReporter } from './fault.js';

afterEach(() => {
  vi.restoreAllMocks();
});

it('hands a fault to onError and nowhere else', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const heard: unknown[] = [];
  const fault = new Error('x');
  faultReporter((error) => heard.push(error))(fault);
  expect(heard).toEqual([fault]);
  expect(warn).not.toHaveBeenCalled();
});

it('warns when there is no onError, whatever was thrown', async () => {
  const report = faultReporter(undefined);
  const first = once(process, 'warning');
  report(new Error('a real error'));
  expect((await first)[0]).toMatchObject({ message: 'a real error' });
  const second = once(process, 'warning');
  report('a string');
  expect((await second)[0]).toMatchObject({ message: 'a string' });
});

it('warns of both errors when onError throws', () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const [fault, failure] = [new Error('fault'), new Error('failure')];
  faultReporter(() => {
    throw failure;
  })(fault);
  expect(warn.mock.calls.map(([warning]) => warning)).toEqual([fault, failure]);
});
