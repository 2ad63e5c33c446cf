import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { Timetables } from '../time/timetables.js';
import { type Binding, identityOf } from './binding.js';
import { Job } from './job.js';
import { readTrigger } from './read-trigger.js';

const timetables = new Timetables();

function bindingOf(id: string, config: object, metadata?: Record<string, unknown>): Binding {
  return readTrigger(
    { id, function_id: 'report::send', config, ...(metadata === undefined ? {} : { metadata }) },
    { numbering: 'quartz', timeoutMs: 1_000, timetables, now: Date.UTC(2026, 0, 1) },
  );
}

it('the identity of a schedule stays what was written down of it', () => {
  const digest = (text: string) => createHash('sha256').update(text).digest('hex').slice(0, 32);
  const daily = {
    expression: '0 0 9 * * MON-FRI',
    timezone: 'Europe/Berlin',
    condition_function_id: 'is::open',
  };
  expect(identityOf(bindingOf('a', daily, { b: [{ z: 1, a: '"' }], a: null }))).toBe(
    digest(
      '["default","report::send","0 0 9 * * 2,3,4,5,6 *","Europe/Berlin","is::open",' +
        '[["a",null],["b",[[["a","\\""],["z",1]]]]]]',
    ),
  );
  expect(identityOf(bindingOf('a', { expression: '@hourly' }))).toBe(
    digest('["default","report::send","0 0 * * * * *","UTC",null,null]'),
  );
  expect(identityOf(bindingOf('a', { expression: '@hourly', key: 'k' }))).toBe(digest('["default","k"]'));
});

it('members that are null count as absent', () => {
  const options = {
    timezone: null,
    catch_up: null,
    timeout_ms: null,
    key: null,
    condition_function_id: null,
  };
  const plain = bindingOf('a', { expression: '@daily' });
  expect(bindingOf('a', { expression: '@daily', ...options })).toEqual(plain);
  expect(() => bindingOf('a', { expression: null })).toThrow('the expression is missing');
});

it('the newest binding of a schedule is called, and when it is released the one before it', () => {
  const job = new Job('s');
  const bindings = ['a', 'b', 'c'].map((id) => bindingOf(id, { expression: '@daily' }));
  for (const binding of bindings) job.bind(binding);
  expect([job.size, job.acting?.id, job.bindingOf('b')]).toEqual([3, 'c', bindings[1]]);
  job.release('b');
  job.release('unknown');
  expect([job.size, job.acting?.id, job.bindingOf('b')]).toEqual([2, 'c', undefined]);
  job.release('c');
  expect(job.acting?.id).toBe('a');
  job.release('a');
  expect([job.size, job.acting]).toEqual([0, undefined]);
});
