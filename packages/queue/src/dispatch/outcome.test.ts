import { InvocationError } from 'iii-sdk';
import { expect, it } from 'vitest';
import { outcomeOf } from './outcome.js';

it.each([
  ['invocation_stopped', 'the worker is gone', { kind: 'interrupted', code: 'invocation_stopped' }],
  ['CONNECTION_LOST', 'gone', { kind: 'interrupted', code: 'CONNECTION_LOST' }],
  ['channel_send_failed', 'the connection closed before f could be called', { kind: 'deferred' }],
  ['too_many_invocations', 'later', { kind: 'deferred' }],
  ['function_not_found', 'Function f not found', { kind: 'missing', functionId: 'f' }],
  ['function_not_found', 'Function another not found', { kind: 'failed', code: 'function_not_found' }],
  ['invocation_failed', 'no', { kind: 'failed', code: 'invocation_failed' }],
])('an attempt that ends with %s: %s', (code, message, outcome) => {
  expect(outcomeOf(new InvocationError({ code, message, function_id: 'f' }), 'f')).toMatchObject(outcome);
});

it('an attempt that ends with anything else has failed', () => {
  expect(outcomeOf(new Error('odd'), 'f')).toMatchObject({ kind: 'failed', code: 'invocation_failed' });
});
