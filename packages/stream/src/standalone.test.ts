import { once } from 'node:events';
import { silentLog, systemClock } from 'iii-protocol';
import { createClient, WebSocketLink } from 'iii-sdk/link';
import { TestEngine } from 'iii-testing';
import { memoryStores, readConfig } from 'iii-worker';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { StreamConfig } from './config.js';
import { Inbox, Peer } from './test-support.js';
import { streamWorker } from './worker.js';

const ignore = () => {};
const QUIET = {
  problem: ignore,
  retrying: ignore,
  registered: ignore,
  triggerFailed: ignore,
  functionRejected: ignore,
};

it('a worker in a process of its own serves over its connection', async () => {
  await using engine = new TestEngine();
  const iii = createClient(new WebSocketLink(await engine.listen(), {}), {
    identity: { name: 'iii-stream', description: undefined, namespace: undefined, telemetry: {} },
    invocationTimeoutMs: 30_000,
    console: QUIET,
  });
  await iii.ready();
  const running = await streamWorker.start({
    iii,
    config: readConfig('iii-stream', StreamConfig, { port: 0 }),
    name: 'iii-stream',
    storage: memoryStores(),
    logger: silentLog,
    clock: systemClock,
    signal: new AbortController().signal,
  });
  // What the engine has been told of is known to it when it answers.
  await iii.trigger({ function_id: 'engine::functions::list' });
  const app = await engine.client('app');
  const events = new Inbox<{ event: unknown }>();
  app.registerFunction('seen', events.put);
  await app.trigger({
    function_id: 'engine::register_trigger',
    payload: { trigger_type: 'stream', function_id: 'seen', config: { stream_name: 's' } },
  });
  const call = (operation: string, more: object = {}) =>
    app.trigger({
      function_id: `stream::${operation}`,
      payload: { stream_name: 's', group_id: 'g', item_id: 'a', ...more },
    });
  expect(await call('get')).toBeUndefined();
  expect(await call('set', { data: { n: 1 } })).toEqual({ old_value: null, new_value: { n: 1 } });
  expect(await call('update', { ops: [{ type: 'increment', path: 'n', by: 1 }] })).toMatchObject({
    new_value: { n: 2 },
  });
  await events.count(2);
  expect(events.items.map(({ event }) => event)).toEqual([
    { type: 'create', data: { n: 1 } },
    { type: 'update', data: { n: 2 } },
  ]);
  const peer = new Peer(new WebSocket(`ws://${running.endpoints?.[0]?.address}/stream/s/g`));
  expect(await peer.event()).toEqual({ type: 'sync', data: [{ n: 2 }] });
  const closed = once(peer.socket, 'close');
  await running.stop();
  await closed;
  await iii.shutdown();
});
