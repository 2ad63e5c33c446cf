import { expect, vi } from 'vitest';
import { HOSTILE, type Row } from './hostile-requests.js';
import { bind, type Payload, routed } from './http-client.js';
import { onBothDrivers } from './on-both-drivers.js';
import { type Conversation, converse } from './raw-http.js';

/** Short of the 10 s after which uws gives up a connection that is silent. */
const CONFIG = `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - { name: iii-http, config: { port: 0, default_timeout: 3000 } }
`;

/** As the table spells it. */
function told({ answers }: Conversation): string {
  const served = (status: number, body: string) => (status === 200 ? `200 ${body}` : String(status));
  return answers.map(({ status, body }) => served(status, Buffer.from(body, 'latin1').toString())).join(', ');
}

await onBothDrivers(
  'hostile input',
  (bench, check) => {
    check(
      'is answered as the table says, and smuggles nothing past it',
      async () => {
        const app = bench.official('app');
        const reached = new Set<string | undefined>();
        const text = (body: string) => ({ headers: { 'content-type': 'text/plain' }, body });
        const e = ({ body }: Payload) => text(`e ${JSON.stringify(body)}`);
        bind(app, { api_path: '/e' }, e);
        bind(app, { api_path: '/e', http_method: 'POST' }, e);
        bind(app, { api_path: '/p/:name' }, ({ path_params }) => text(`p ${path_params.name}`));
        bind(app, { api_path: '/next/:row' }, ({ path_params }) => {
          reached.add(HOSTILE[Number(path_params.row)]?.name);
          return text('next');
        });
        const { httpUrl } = bench.engine;
        await routed(`${httpUrl}/next/0`);
        // All at once: some are only over when the time for a request head is.
        const got = await Promise.all(
          HOSTILE.map(async ({ name, bytes, half = false }) => [
            name,
            told(await converse(httpUrl, bytes, { half })),
          ]),
        );
        const expected = HOSTILE.map((row: Row) => [row.name, row[bench.driver]]);
        expect(got).toEqual(expected);
        const followed = expected.filter(([, answer]) => answer?.includes('200 next'));
        expect([...reached].sort()).toEqual(followed.map(([name]) => name).sort());
      },
      60_000,
    );

    check('whose framing is refused takes what follows it along', async () => {
      const app = bench.official('app');
      const handler = vi.fn(() => 1);
      bind(app, { api_path: '/behind' }, handler);
      await routed(`${bench.engine.httpUrl}/behind`);
      const refused = 'POST /behind HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n';
      const behind = 'GET /behind HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
      await converse(bench.engine.httpUrl, refused + behind);
      // What was called before this has been called by now.
      await converse(bench.engine.httpUrl, behind);
      expect(handler).toHaveBeenCalledOnce();
    });

    check('that a handler passes on gets into no head of an answer', async () => {
      const app = bench.official('app');
      const evil = (end: string) => [
        { headers: { location: `/x${end}Set-Cookie: evil=1` } },
        { headers: { [`x${end}Set-Cookie`]: 'evil=1' } },
        { headers: { 'content-type': `text/html${end}Set-Cookie: evil=1` }, body: '<p>' },
        { headers: { 'set-cookie': ['good=1', `bad=1${end}Set-Cookie: evil=1`] } },
        { headers: [`X-A: 1${end}Set-Cookie: evil=1`] },
        { headers: [`X-A${end}Set-Cookie: evil=1`] },
      ];
      // The last of them are line breaks to whoever keeps only the low byte.
      const results = [
        '\r\n',
        '\n',
        '\r',
        '\0',
        '\r\n\r\n<script>',
        '\u010d\u010a',
        '\u{1f60d}\u560a',
      ].flatMap(evil);
      bind(app, { api_path: '/evil/:n' }, ({ path_params }) => results[Number(path_params.n)]);
      app.registerFunction('mw::evil', async ({ request }: { request: Payload }) => ({
        action: 'respond',
        response: results[Number(request.path_params.n)],
      }));
      bind(app, { api_path: '/mw/:n', middleware_function_ids: ['mw::evil'] }, () => 1);
      await routed(`${bench.engine.httpUrl}/mw/0`);
      for (const route of ['evil', 'mw']) {
        for (const n of results.keys()) {
          const request = `GET /${route}/${n} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
          const { answers } = await converse(bench.engine.httpUrl, request);
          const what = JSON.stringify(results[n]);
          expect([200, 500], what).toContain(answers[0]?.status);
          expect(answers, what).toHaveLength(1);
          expect(answers[0]?.head, what).not.toMatch(/^set-cookie: *evil|\0|script/im);
          expect(answers[0]?.body, what).not.toContain('evil');
        }
      }
    });
  },
  { config: CONFIG },
);
