import type { TSchema } from '@sinclair/typebox';
import { EngineFunction, type Log } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import type { TriggerConfig } from 'iii-sdk/trigger';
import {
  AttendanceTriggerConfig,
  attendanceBinding,
  type Binding,
  ItemTriggerConfig,
  itemBinding,
} from './binding.js';
import type { BindingTable } from './binding-table.js';
import { ATTENDANCE_CALL, ITEM_CALL } from './call-schemas.js';

/** The bindings of every trigger type this worker serves. */
export interface Bindings {
  readonly items: BindingTable;
  readonly joins: BindingTable;
  readonly leaves: BindingTable;
}

interface ServedType {
  readonly id: string;
  readonly description: string;
  readonly config: TSchema;
  readonly call: object;
  readonly table: BindingTable;
  readonly read: (trigger: TriggerConfig<unknown>) => Binding;
}

/**
 * Serves the trigger types `stream`, `stream:join` and `stream:leave` (spec §2.3, §2.4).
 *
 * @returns stops serving them.
 */
export function serveTriggerTypes(iii: IIIClient, bindings: Bindings, logger: Log): () => void {
  const attendance = { config: AttendanceTriggerConfig, call: ATTENDANCE_CALL, read: attendanceBinding };
  const types: ServedType[] = [
    {
      id: 'stream',
      description: 'Something happened in a stream',
      config: ItemTriggerConfig,
      call: ITEM_CALL,
      read: itemBinding,
      table: bindings.items,
    },
    {
      id: 'stream:join',
      description: 'A socket wants to join a stream',
      table: bindings.joins,
      ...attendance,
    },
    { id: 'stream:leave', description: 'A socket has left a stream', table: bindings.leaves, ...attendance },
  ];
  const served = types.map((type) =>
    iii.registerTriggerType<unknown>(
      {
        id: type.id,
        description: type.description,
        trigger_request_format: type.config,
        call_request_format: { ...type.call },
      },
      {
        registerTrigger: async (trigger) => bind(type, trigger),
        unregisterTrigger: async ({ id }) => type.table.remove(id),
      },
    ),
  );
  const stopWatching = onReconnect(iii, () => {
    for (const { id, table } of types) void dropForgotten(iii, id, table, logger);
  });
  return () => {
    stopWatching();
    for (const type of served) type.unregister();
  };
}

/** @throws StreamError, which its originator is told. Whatever the trigger had before is then gone. */
function bind({ table, read }: ServedType, trigger: TriggerConfig<unknown>): void {
  table.remove(trigger.id);
  table.put(read(trigger));
}

/** Calls back when a connection stands that is not the first one. */
function onReconnect(iii: IIIClient, callback: () => void): () => void {
  let lost = false;
  return iii.addConnectionStateListener((state) => {
    if (state === 'reconnecting') lost = true;
    if (state !== 'connected' || !lost) return;
    lost = false;
    callback();
  });
}

/** After a reconnection the engine sends every trigger again, but not those that were released meanwhile. */
async function dropForgotten(iii: IIIClient, type: string, table: BindingTable, logger: Log): Promise<void> {
  try {
    // The connection announces itself first: only then is anything of it known to the engine.
    await iii.ready();
    const before = table.ids();
    const { registered_triggers: rows } = await iii.trigger<
      object,
      { registered_triggers: Array<{ id: string }> }
    >({
      function_id: EngineFunction.ListTriggers,
      payload: { trigger_type: type, include_pending: true, include_internal: true },
    });
    const known = new Set(rows.map(({ id }) => id));
    for (const id of before) if (!known.has(id)) table.remove(id);
  } catch (error) {
    logger.warn({ err: error }, `triggers of type ${type} that were released meanwhile may still fire`);
  }
}
