import { pipeline } from 'node:stream/promises';
import { silentLog, systemClock } from 'iii-protocol';
import { TestEngine } from 'iii-testing';
import { memoryStores, readConfig } from 'iii-worker';
import { expect, it, vi } from 'vitest';
import { HttpConfig } from './config.js';
import { addressOf, ask, type Payload, remoteClient, told } from './test-support.js';
import { httpWorker } from './worker.js';

it('a worker in a process of its own streams through channels over sockets, and leaves none', async () => {
  await using engine = new TestEngine();
  const iii = await remoteClient(await engine.listen(), 'iii-http');
  const running = await httpWorker.start({
    iii,
    config: readConfig('iii-http', HttpConfig, { port: 0 }),
    name: 'iii-http',
    storage: memoryStores(),
    logger: silentLog,
    clock: systemClock,
    signal: new AbortController().signal,
  });
  const app = await engine.client('app');
  app.registerFunction('echo', ({ request_body, response }: Payload) =>
    pipeline(request_body.stream, response.stream),
  );
  app.registerFunction('plain', () => 1);
  for (const id of ['echo', 'plain']) {
    app.registerTrigger({
      type: 'http',
      function_id: id,
      config: { api_path: `/${id}`, http_method: 'POST' },
    });
  }
  await told(app);
  const body = Buffer.alloc(4 * 1024 * 1024, 3);
  const address = addressOf(running);
  await vi.waitFor(async () => expect((await ask(address, '/plain', { method: 'POST' })).json).toBe(1));
  const reply = await ask(address, '/echo', { method: 'POST', body });
  expect(reply.body.equals(body)).toBe(true);
  await vi.waitFor(async () =>
    expect(await app.trigger({ function_id: 'engine::channels::list' })).toEqual({ channels: [] }),
  );
  await running.stop();
  await iii.shutdown();
});
