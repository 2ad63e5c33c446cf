import { describe, expect, it } from 'vitest';
import { EngineFunctions, EngineTriggers } from './engine.js';
import * as errors from './errors.js';
import * as root from './index.js';
import { MessageType } from './protocol.js';
import { StateEventType } from './state.js';

describe('the doors of the package', () => {
  it('the root gives what the official one does, and a little more', () => {
    expect(Object.keys(root).sort()).toEqual([
      'CancellationError',
      'DEFAULT_ENGINE_URL',
      'HandlerError',
      'InvocationError',
      'RegistrationRejectedError',
      'TriggerAction',
      'registerWorker',
    ]);
    expect(root.DEFAULT_ENGINE_URL).toBe('ws://127.0.0.1:49134');
  });

  it('one class of error is behind both its doors', () => {
    expect(root.InvocationError).toBe(errors.InvocationError);
  });

  it('types that have no value are importable all the same', async () => {
    for (const door of ['./stream.js', './trigger.js', './runtime.js']) {
      expect(Object.keys((await import(door)) as object)).toEqual([]);
    }
  });

  it('constants are those of the wire', () => {
    expect(StateEventType).toEqual({
      Created: 'state:created',
      Updated: 'state:updated',
      Deleted: 'state:deleted',
    });
    expect(EngineFunctions.LIST_FUNCTIONS).toBe('engine::functions::list');
    expect(EngineTriggers.WORKERS_AVAILABLE).toBe('engine::workers-available');
    expect(Object.values(MessageType)).toContain('registrationrejected');
  });
});

describe('trigger actions', () => {
  it('are plain values, and what else they are given travels', () => {
    expect(root.TriggerAction.Void()).toEqual({ type: 'void' });
    expect(root.TriggerAction.Enqueue({ queue: 'q' })).toEqual({ type: 'enqueue', queue: 'q' });
    const more = { queue: 'q', delay_ms: 5 };
    expect(root.TriggerAction.Enqueue(more)).toEqual({ type: 'enqueue', queue: 'q', delay_ms: 5 });
  });
});

describe('errors', () => {
  it('read as code and message', () => {
    const error = new errors.InvocationError({ code: 'c', message: 'm', function_id: 'f', stacktrace: 's' });
    expect(String(error)).toBe('InvocationError: c: m');
    expect(error).toMatchObject({ name: 'InvocationError', code: 'c', function_id: 'f', stacktrace: 's' });
    expect(error).toBeInstanceOf(Error);
    expect(errors.InvocationError.length).toBe(1);
    expect(Object.hasOwn(new errors.InvocationError({ code: 'c', message: 'm' }), 'function_id')).toBe(true);
  });

  it('of rejections name the subject', () => {
    const init = { code: 'C', namespace: 'n', owner_worker_id: 'w' };
    expect(new errors.RegistrationRejectedError({ ...init, function_id: 'f' }).message).toBe(
      'C: registration rejected for function "f" in namespace "n" (already owned by worker w)',
    );
    expect(new errors.RegistrationRejectedError(init).message).toContain('worker "<unknown>"');
  });

  it.each([
    [{ code: 'c', message: 'm' }, true],
    [{ code: 'c', message: 'm', stacktrace: 's' }, true],
    [{ code: 'c', message: 'm', stacktrace: null }, false],
    [{ code: 5, message: 'm' }, false],
    [new Error('x'), false],
    [null, false],
    ['x', false],
  ])('%j is an error body: %s', (value, expected) => {
    expect(errors.isErrorBody(value)).toBe(expected);
  });
});
