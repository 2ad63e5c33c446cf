import { RAW_NULL, rawFromValue, silentLog, systemClock } from 'iii-protocol';
import { LogBook } from 'iii-testing';
import { describe, expect, it } from 'vitest';
import type { ProviderDirectory } from '../providers/directory.js';
import type { StreamAdapter } from '../store/adapter.js';
import { StoreSlot } from '../store/store-slot.js';
import { Operations, type OperationsContext } from './operations.js';

/** Operations on a store that does as the test says. */
function operationsOn(adapter: Partial<StreamAdapter>, more: Partial<OperationsContext> = {}): Operations {
  const nobody = { find: async () => undefined, findUpdate: async () => undefined };
  return new Operations({
    store: new StoreSlot({ subscribe: () => () => {}, ...adapter } as StreamAdapter, () => {}),
    directory: nobody as unknown as ProviderDirectory,
    provided: undefined as never,
    fanOut: () => {},
    clock: systemClock,
    logger: silentLog,
    ...more,
  });
}

const group = { stream_name: 's', group_id: 'g' };
const item = { ...group, item_id: 'a' };

describe('operations of a store that fails', () => {
  const refused = () => Promise.reject(new Error('disk on fire'));

  it.each([
    ['set', (o: Operations) => o.set({ ...item, data: RAW_NULL }), 'STREAM_SET_ERROR'],
    ['get', (o: Operations) => o.get(item), 'STREAM_GET_ERROR'],
    ['update', (o: Operations) => o.update({ ...item, ops: rawFromValue([]) }), 'STREAM_UPDATE_ERROR'],
    ['delete', (o: Operations) => o.delete(item), 'STREAM_DELETE_ERROR'],
    ['list', (o: Operations) => o.list(group), 'STREAM_GET_GROUP_ERROR'],
    ['listGroups', (o: Operations) => o.listGroups({ stream_name: 's' }), 'STREAM_LIST_GROUPS_ERROR'],
    ['listAll', (o: Operations) => o.listAll(), 'STREAM_LIST_ALL_ERROR'],
    ['publish', (o: Operations) => o.send({ ...group, type: 't', data: RAW_NULL }), 'STREAM_SEND_ERROR'],
  ])('%s rejects with the code of its function, and what the store says', async (method, run, code) => {
    const failure = run(operationsOn({ [method]: refused }));
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining('disk on fire') });
  });

  it('succeed when only the push fails, which is logged', async () => {
    const logger = new LogBook();
    const set = async () => ({ oldValue: undefined, version: 1 });
    const operations = operationsOn({ set, publish: refused }, { logger });
    await operations.set({ ...item, data: RAW_NULL });
    expect(logger.messages('error')).toEqual(['a change was stored, but subscribers could not be told']);
  });

  it('call bound functions also for a send that cannot be pushed', async () => {
    const told: unknown[] = [];
    const operations = operationsOn({ publish: refused }, { fanOut: (event) => told.push(event.id) });
    await expect(operations.send({ ...group, type: 't', data: RAW_NULL, id: 'x' })).rejects.toThrow(
      'on fire',
    );
    expect(told).toEqual(['x']);
  });
});

it('a group that fits into no message is refused', async () => {
  const huge = { length: 40 * 2 ** 20 } as never;
  const operations = operationsOn({ list: async () => ({ data: [huge, huge], version: 1 }) });
  await expect(operations.list(group)).rejects.toMatchObject({
    code: 'STREAM_GET_GROUP_ERROR',
    message: expect.stringContaining('the 2 items of group "g" take 83886084 bytes'),
  });
});
