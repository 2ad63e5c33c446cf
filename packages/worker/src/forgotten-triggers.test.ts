import { silentLog } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { describe, expect, it, vi } from 'vitest';
import { watchForgottenTriggers } from './forgotten-triggers.js';

type Listener = (state: string) => void;

/** A client whose connection comes and goes as it is told, on an engine that knows these triggers. */
function clientOf(answer: () => unknown) {
  const listeners = new Set<Listener>();
  const asked: unknown[] = [];
  const iii = {
    addConnectionStateListener: (listener: Listener) => {
      listeners.add(listener);
      listener('connected');
      return () => listeners.delete(listener);
    },
    ready: async () => {},
    trigger: async (request: unknown) => {
      asked.push(request);
      return answer();
    },
  } as unknown as IIIClient;
  const change = async (...states: string[]) => {
    for (const state of states) for (const listener of listeners) listener(state);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { iii, asked, change, listeners };
}

describe('triggers that were released while the worker was not connected', () => {
  it('are forgotten once it is again, and the others kept', async () => {
    const rows = [{ id: 'stays' }, null, 'odd', { id: 5 }];
    const { iii, asked, change } = clientOf(() => ({ registered_triggers: rows }));
    const served = new Set(['stays', 'gone']);
    watchForgottenTriggers(iii, 'cron', {
      ids: () => served,
      forget: (id) => served.delete(id),
      logger: silentLog,
    });
    await change('connected');
    expect(asked).toEqual([]);
    await change('reconnecting', 'connected', 'connected');
    expect([...served]).toEqual(['stays']);
    expect(asked).toEqual([
      {
        function_id: 'engine::registered-triggers::list',
        payload: { trigger_type: 'cron', include_pending: true, include_internal: true },
      },
    ]);
  });

  it.each([
    ['cannot be asked', () => Promise.reject(new Error('no'))],
    ['answers something else', () => ({})],
    ['answers nothing', () => undefined],
  ])('are kept, and told of, when the engine %s', async (_, answer) => {
    const { iii, change } = clientOf(answer);
    const forget = vi.fn();
    const warn = vi.fn();
    watchForgottenTriggers(iii, 'cron', { ids: () => ['a'], forget, logger: { ...silentLog, warn } });
    await change('reconnecting', 'connected');
    expect(forget).not.toHaveBeenCalled();
    expect(warn).toHaveBeenCalledOnce();
  });

  it('are not asked for any more when nobody watches', async () => {
    const { iii, asked, change, listeners } = clientOf(() => ({}));
    const stop = watchForgottenTriggers(iii, 'cron', { ids: () => [], forget: () => {}, logger: silentLog });
    stop();
    await change('reconnecting', 'connected');
    expect([asked, listeners.size]).toEqual([[], 0]);
  });
});
