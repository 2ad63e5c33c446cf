import { expect } from 'vitest';
import { ask, bind, type Payload, routed } from './http-client.js';
import { onBothDrivers } from './on-both-drivers.js';

const JSON_TYPE = 'application/json';

/** What a handler returns, and what is on the wire. A plain result is the body: the house decides so (D8). */
const ROWS: ReadonlyArray<readonly [result: unknown, status: number, type: string | null, text: string]> = [
  [{ c: 5 }, 200, JSON_TYPE, '{"c":5}'],
  ['hi', 200, JSON_TYPE, '"hi"'],
  [[1], 200, JSON_TYPE, '[1]'],
  [7, 200, JSON_TYPE, '7'],
  [false, 200, JSON_TYPE, 'false'],
  [{ body: 'hi' }, 200, JSON_TYPE, '"hi"'],
  [{ body: null }, 200, JSON_TYPE, 'null'],
  [{ headers: { 'content-type': 'text/plain' }, body: 'hi' }, 200, 'text/plain', 'hi'],
  [{ headers: { 'Content-Type': JSON_TYPE }, body: '{"a":1}' }, 200, JSON_TYPE, '{"a":1}'],
  [{ headers: { 'content-type': 'text/html' }, body: { a: 1 } }, 200, 'text/html', '{"a":1}'],
  [{ status_code: 204 }, 204, null, ''],
  [{ status_code: 302, headers: { Location: '/x' } }, 302, JSON_TYPE, '{}'],
  [{ status_code: 404, body: {} }, 404, JSON_TYPE, '{}'],
  // The Python client spells it so (§20.21).
  [{ statusCode: 404, body: {} }, 404, JSON_TYPE, '{}'],
  [{ status_code: 200, extra: 1 }, 200, JSON_TYPE, '{}'],
];

await onBothDrivers(
  'spec/worker-http.md §16: results on the wire, with the official client,',
  (bench, check) => {
    const url = (path: string) => bench.engine.httpUrl + path;

    check('§16 are what the table says', async () => {
      const app = bench.official('app');
      bind(app, { api_path: '/result/:row' }, ({ path_params }) => ROWS[Number(path_params.row)]?.[0]);
      await routed(url('/result/0'));
      const got = await Promise.all(
        ROWS.map(async ([result], row) => {
          const { status, headers, text } = await ask(url(`/result/${row}`));
          return [result, status, headers.get('content-type'), text];
        }),
      );
      expect(got).toEqual(ROWS);
    });

    check('§16 of an order: the route as registered, its parameter, the last of a repeated key', async () => {
      const seen: Payload[] = [];
      bind(bench.official('app'), { api_path: 'orders/:id' }, (payload) => {
        seen.push(payload);
        return { status_code: 201, headers: ['Set-Cookie: a=1', 'Set-Cookie: b=2'], body: { ok: true } };
      });
      await routed(url('/orders/42'));
      const reply = await ask(url('/orders/42?x=1&x=2'));
      expect(seen).toMatchObject([
        {
          path: 'orders/:id',
          path_params: { id: '42' },
          query_params: { x: '2' },
          method: 'GET',
          body: null,
          trigger: { type: 'http', path: 'orders/:id', method: 'GET' },
        },
      ]);
      expect(reply).toMatchObject({ status: 201, json: { ok: true } });
      expect(reply.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
      expect(reply.headers.get('content-type')).toBe(JSON_TYPE);
    });
  },
);
