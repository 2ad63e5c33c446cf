import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { onBothDrivers } from './on-both-drivers.js';
import { Wire } from './wire.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

await onBothDrivers('the life of the iii command', (bench, check) => {
  check('ends with 0 on SIGINT and SIGTERM, and its workers hear that they may come back', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const engine = await EngineProcess.start({ driver: bench.driver });
      const client = bench.official('guest', {}, engine.url);
      await client.trigger({ function_id: 'engine::functions::list', payload: {} });
      expect(await engine.stop(signal)).toBe(0);
      expect(engine.lines.join('\n')).toContain(`${signal}: stopping`);
    }
  });

  check('refuses a second engine on its port with a clear error', async () => {
    const { port } = new URL(bench.engine.url);
    const config = `workers: [{ name: iii-worker-manager, config: { port: ${port} } }]`;
    await expect(EngineProcess.start({ driver: bench.driver, config })).rejects.toThrow(
      new RegExp(`Error: .*127\\.0\\.0\\.1:${port}.*already in use`),
    );
  });

  check('starts again at once on the port of one that was killed with a connection open', async () => {
    // A port of its own choice a listener of uWebSockets.js takes without SO_REUSEADDR, so this one is chosen here.
    const config = `workers: [{ name: iii-worker-manager, config: { port: ${await freePort()} } }]`;
    const first = await EngineProcess.start({ driver: bench.driver, config });
    const wire = await Wire.connect(first.url);
    await wire.settled();
    const closed = wire.closed();
    // The side that closes first, here the engine, is the one whose port stays in TIME_WAIT.
    await first.stop('SIGKILL');
    await closed;
    const second = await EngineProcess.start({ driver: bench.driver, config });
    await second.stop();
  });
});
