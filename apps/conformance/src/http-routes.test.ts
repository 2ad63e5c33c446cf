import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';
import { type OfficialClient, offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

const HTTP_BIN = path.join(
  path.dirname(createRequire(import.meta.url).resolve('iii-http/package.json')),
  'dist/bin.js',
);

/** `iii-http` as a process of its own. */
async function startHttp(url: string): Promise<{ address: string; child: ChildProcess }> {
  const child = spawn(process.execPath, [HTTP_BIN, '--url', url, '--port', '0'], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, III_LOG_FORMAT: 'text', III_LOG_LEVEL: 'info' },
  });
  const address = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stderr }).on('line', (line) => {
      const found = /http on (\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('exit', (code) => reject(new Error(`iii-http ended with ${String(code)}`)));
  });
  return { address: `http://${address.replace(/^http:\/\//, '')}`, child };
}

/** Asks until the route answers with the status. */
async function answers(url: string, status: number): Promise<unknown> {
  for (;;) {
    const response = await fetch(url, { headers: { connection: 'close' } });
    const body = await response.text();
    if (response.status === status) return body === '' ? undefined : JSON.parse(body);
  }
}

function serve(client: OfficialClient, api_path: string, result: unknown): void {
  client.registerFunction(`route::${api_path}`, async () => result);
  client.registerTrigger({
    type: 'http',
    function_id: `route::${api_path}`,
    config: { api_path, http_method: 'GET' },
  });
}

await onBothDrivers('routes of an official client', (bench, check) => {
  check('serve plain results and envelopes', async () => {
    const client = bench.official('routes');
    serve(client, 'plain', { c: 5 });
    serve(client, 'envelope', { status_code: 201, headers: { 'x-a': 'b' }, body: { made: true } });
    await offered(client, 'route::envelope');
    expect(await answers(`${bench.engine.httpUrl}/plain`, 200)).toEqual({ c: 5 });
    expect(await answers(`${bench.engine.httpUrl}/envelope`, 201)).toEqual({ made: true });
  });

  check('go with their worker, and come back with it', async () => {
    const proxy = await bench.proxy();
    const client = bench.official('routes', {}, proxy.url);
    serve(client, 'returning', { here: true });
    const url = `${bench.engine.httpUrl}/returning`;
    await answers(url, 200);
    proxy.cut();
    await answers(url, 404);
    expect(await answers(url, 200)).toEqual({ here: true });
    await client.shutdown();
    await answers(url, 404);
  });
});

await onBothDrivers(
  'routes of an official client, with iii-http as a process of its own,',
  (bench, check) => {
    check(
      'that were bound before it started serve as soon as it does, and again when it returns',
      async () => {
        const client = bench.official('routes');
        serve(client, 'early', { early: true });
        await offered(client, 'route::early');
        for (let round = 0; round < 2; round++) {
          const http = await startHttp(bench.engine.url);
          expect(await answers(`${http.address}/early`, 200)).toEqual({ early: true });
          const ended = once(http.child, 'exit');
          http.child.kill(round === 0 ? 'SIGKILL' : 'SIGTERM');
          await ended;
        }
      },
    );
  },
  { config: 'workers:\n  - { name: iii-worker-manager, config: { port: 0 } }\n' },
);
