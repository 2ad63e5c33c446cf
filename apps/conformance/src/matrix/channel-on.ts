import { WebSocket } from 'ws';
import type { ChannelRefs } from '../channel-end.js';
import type { EngineProcess } from '../engine-process.js';
import { Wire } from '../wire.js';

/** A new channel, and the connection that made it, which has to stay until both ends are attached. */
export async function channelOn(engine: EngineProcess): Promise<{ refs: ChannelRefs; wire: Wire }> {
  const wire = await Wire.open(new WebSocket(engine.url));
  const { result } = await wire.call('engine::channels::create');
  return { refs: result as ChannelRefs, wire };
}
