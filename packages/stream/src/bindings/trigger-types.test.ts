import type { IIIClient } from 'iii-sdk';
import type { TriggerHandler } from 'iii-sdk/trigger';
import { LogBook } from 'iii-testing';
import { expect, it, vi } from 'vitest';
import { BindingTable } from './binding-table.js';
import { serveTriggerTypes } from './trigger-types.js';

/** A connection that the test loses and makes. */
function connection(known: () => Promise<Array<{ id: string }>>) {
  const handlers = new Map<string, TriggerHandler<unknown>>();
  const listeners = new Set<(state: string) => void>();
  const unregister = vi.fn();
  const iii = {
    registerTriggerType: ({ id }: { id: string }, handler: TriggerHandler<unknown>) => {
      handlers.set(id, handler);
      return { unregister };
    },
    addConnectionStateListener: (listener: (state: string) => void) => {
      listeners.add(listener);
      listener('connected');
      return () => listeners.delete(listener);
    },
    ready: async () => {},
    trigger: async () => ({ registered_triggers: await known() }),
  } as unknown as IIIClient;
  const say = (state: string) => {
    for (const listener of listeners) listener(state);
  };
  return { iii, handlers, unregister, say };
}

const tables = () => ({ items: new BindingTable(), joins: new BindingTable(), leaves: new BindingTable() });
const settled = () => new Promise((resolve) => setImmediate(resolve));
const trigger = (id: string) => ({ id, function_id: 'f', config: { stream_name: 's' } });

it('triggers that were released while the connection was lost are dropped when it is back', async () => {
  const bindings = tables();
  const asked = vi.fn(async () => [{ id: 'stays' }]);
  const { iii, handlers, say } = connection(asked);
  serveTriggerTypes(iii, bindings, new LogBook());
  for (const id of ['stays', 'leaves']) await handlers.get('stream')?.registerTrigger(trigger(id));
  await handlers.get('stream:join')?.registerTrigger({ ...trigger('leaves too'), config: null });
  say('connected');
  await settled();
  expect(asked).not.toHaveBeenCalled();
  say('reconnecting');
  say('connected');
  await settled();
  expect(bindings.items.ids()).toEqual(['stays']);
  expect(bindings.joins.size).toBe(0);
});

it('when the engine cannot say which there are, all are kept, and the log says so', async () => {
  const bindings = tables();
  const log = new LogBook();
  const { iii, handlers, say } = connection(() => Promise.reject(new Error('not now')));
  serveTriggerTypes(iii, bindings, log);
  await handlers.get('stream')?.registerTrigger(trigger('kept'));
  say('reconnecting');
  say('connected');
  await settled();
  expect(bindings.items.ids()).toEqual(['kept']);
  expect(log.messages('warn')).toHaveLength(3);
});

it('a trigger whose new config is refused has no old one any more', async () => {
  const bindings = tables();
  const { iii, handlers } = connection(async () => []);
  serveTriggerTypes(iii, bindings, new LogBook());
  await handlers.get('stream')?.registerTrigger(trigger('t'));
  await expect(handlers.get('stream')?.registerTrigger({ ...trigger('t'), config: {} })).rejects.toThrow(
    'stream_name',
  );
  expect(bindings.items.size).toBe(0);
});

it('types that are not served any more are withdrawn, and nothing is watched', () => {
  const asked = vi.fn(async () => []);
  const { iii, unregister, say } = connection(asked);
  serveTriggerTypes(iii, tables(), new LogBook())();
  expect(unregister).toHaveBeenCalledTimes(3);
  say('reconnecting');
  say('connected');
  expect(asked).not.toHaveBeenCalled();
});
