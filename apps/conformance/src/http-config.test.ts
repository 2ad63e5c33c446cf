import { on, once } from 'node:events';
import net from 'node:net';
import { expect } from 'vitest';
import { ask, bind, routed } from './http-client.js';
import { onBothDrivers } from './on-both-drivers.js';

const config = (http: string) => `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - { name: iii-http, config: { ${http} } }
`;

/** Takes a port that was free a moment ago. */
async function listening(): Promise<{ port: number; close: () => Promise<void> }> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const close = async () => {
    server.close();
    await once(server, 'close');
  };
  return { port, close };
}

const VARIABLE = '$' + '{III_CONFORMANCE_NO_SUCH_PORT:0}';

await onBothDrivers(
  'spec/worker-http.md §15: a configuration that changes while requests are served,',
  (bench, check) => {
    /** Saves a configuration, and resolves once the log tells of it. */
    async function configure(http: string, told: RegExp): Promise<void> {
      const before = bench.engine.lines.length;
      bench.engine.configure(config(http));
      await expect.poll(() => bench.engine.lines.slice(before).join('\n'), { timeout: 10_000 }).toMatch(told);
    }

    check('§15 another timeout counts for the next request, on the port there is', async () => {
      bind(bench.official('app'), { api_path: '/slow' }, () => new Promise(() => {}));
      const url = `${bench.engine.httpUrl}/slow`;
      await routed(url);
      bench.engine.configure(config('port: 0, default_timeout: 50'));
      // Requests that begin before the file is read wait for the timeout of before.
      const attempt = () => ask(url, { signal: AbortSignal.timeout(500) }).catch(() => undefined);
      let reply = await attempt();
      while (reply === undefined) reply = await attempt();
      expect(reply).toMatchObject({ status: 504, json: { error: { code: 'TIMEOUT' } } });
    });

    check('§15 a port that cannot be had is refused, and the old one is served on', async () => {
      bind(bench.official('app'), { api_path: '/here' }, () => 1);
      await routed(`${bench.engine.httpUrl}/here`);
      const taken = await listening();
      await configure(`port: ${taken.port}`, /already in use/);
      expect(await ask(`${bench.engine.httpUrl}/here`)).toMatchObject({ status: 200, json: 1 });
      await taken.close();
    });

    check(
      '§15 another port is served; the old one is free, and its idle connections are closed',
      async () => {
        bind(bench.official('app'), { api_path: '/moved' }, () => 1);
        const old = new URL(bench.engine.httpUrl);
        await routed(`${old.origin}/moved`);
        const idle = net.connect(Number(old.port), old.hostname);
        idle.write('GET /moved HTTP/1.1\r\nHost: x\r\n\r\n');
        let answer = '';
        // An answer may come in several pieces.
        for await (const [piece] of on(idle, 'data') as AsyncIterable<[Buffer]>) {
          answer += piece.toString();
          if (answer.includes('\r\n\r\n')) break;
        }
        expect(answer).toMatch(/^HTTP\/1\.1 200 /);
        const free = await listening();
        await free.close();
        const closed = once(idle, 'close');
        await configure(`port: ${free.port}`, /http moved to /);
        await closed;
        expect(await ask(`http://127.0.0.1:${free.port}/moved`)).toMatchObject({ status: 200, json: 1 });
        const late = net.connect(Number(old.port), old.hostname);
        const [refused] = (await once(late, 'error')) as [NodeJS.ErrnoException];
        expect(refused.code).toBe('ECONNREFUSED');
      },
    );
  },
  { config: config(`port: ${VARIABLE}`) },
);
