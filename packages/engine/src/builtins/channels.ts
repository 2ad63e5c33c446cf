import type { ChannelHub, ChannelInfo } from 'iii-channel/hub';
import { EngineFunction } from 'iii-protocol';
import { createChannel } from '../channels/create.js';
import { EngineError } from '../errors.js';
import type { FunctionTable } from '../routing/function-table.js';
import type { SessionTable } from '../sessions/session-table.js';
import { addBuiltin } from './builtin.js';
import { ENGINE_WORKER } from './worker-names.js';

/** `engine::channels::create` (protocol.md §8.1), and what tells people how far channels are. */
export function addChannelFunctions(functions: FunctionTable, hub: ChannelHub, sessions: SessionTable): void {
  const row = (info: ChannelInfo) => ({
    ...info,
    owner_name: info.owner === ENGINE_WORKER ? ENGINE_WORKER : (sessions.get(info.owner)?.name ?? null),
  });
  addBuiltin(functions, EngineFunction.CreateChannel, ({ buffer_size }, { caller }) => {
    const options = typeof buffer_size === 'number' ? { bufferSize: buffer_size } : {};
    const { writer, reader } = createChannel(hub, caller?.id ?? ENGINE_WORKER, options);
    return { writer: { ...writer }, reader: { ...reader } };
  });
  addBuiltin(functions, EngineFunction.ChannelInfo, ({ channel_id }) => {
    const info = hub.info(channel_id);
    if (info === undefined) {
      throw new EngineError('NOT_FOUND', `channel ${channel_id} not found: it has ended, or never was`);
    }
    return row(info);
  });
  addBuiltin(functions, EngineFunction.ListChannels, () => ({ channels: hub.list().map(row) }));
}
