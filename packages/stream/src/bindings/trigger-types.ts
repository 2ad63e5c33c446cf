import type { Log } from 'iii-protocol';
import type { TSchema } from 'iii-protocol/schema';
import type { IIIClient } from 'iii-sdk';
import type { TriggerConfig } from 'iii-sdk/trigger';
import { watchForgottenTriggers } from 'iii-worker';
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
  const watches = types.map(({ id, table }) =>
    watchForgottenTriggers(iii, id, {
      ids: () => table.ids(),
      forget: (trigger) => table.remove(trigger),
      logger,
    }),
  );
  return () => {
    for (const stopWatching of watches) stopWatching();
    for (const type of served) type.unregister();
  };
}

/** @throws StreamError, which its originator is told. Whatever the trigger had before is then gone. */
function bind({ table, read }: ServedType, trigger: TriggerConfig<unknown>): void {
  table.remove(trigger.id);
  table.put(read(trigger));
}
