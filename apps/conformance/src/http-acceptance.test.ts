import { expect, vi } from 'vitest';
import { ask, bind, type Payload, routed } from './http-client.js';
import { onBothDrivers } from './on-both-drivers.js';

const JSON_TYPE = { 'content-type': 'application/json' };

await onBothDrivers(
  'spec/worker-http.md §15: what is accepted, with the official client,',
  (bench, check) => {
    const url = (path: string) => bench.engine.httpUrl + path;

    check('§15 GET, of a path that was bound without its slash', async () => {
      bind(bench.official('app'), { api_path: 'test/hello' }, ({ path }) => ({
        status_code: 200,
        body: { message: 'hi', path },
      }));
      await routed(url('/test/hello'));
      expect(await ask(url('/test/hello'))).toMatchObject({
        status: 200,
        json: { message: 'hi', path: 'test/hello' },
      });
    });

    check('§15 POST of JSON, which arrives parsed', async () => {
      const route = { api_path: 'test/items', http_method: 'POST' };
      bind(bench.official('app'), route, ({ body }) => ({ status_code: 201, body: { created: true, body } }));
      await routed(url('/test/items'), 'POST');
      const reply = await ask(url('/test/items'), {
        method: 'POST',
        headers: JSON_TYPE,
        body: '{"z":2, "a":1}',
      });
      expect(reply).toMatchObject({ status: 201, json: { created: true, body: { z: 2, a: 1 } } });
    });

    check('§15 path and query parameters are strings', async () => {
      bind(bench.official('app'), { api_path: '/test/items/:id' }, ({ path_params, query_params }) => ({
        body: { path_params, query_params },
      }));
      await routed(url('/test/items/123'));
      expect((await ask(url('/test/items/123?q=hello&limit=10'))).json).toEqual({
        path_params: { id: '123' },
        query_params: { q: 'hello', limit: '10' },
      });
    });

    check('§15 a status of the handler goes through, with its body', async () => {
      bind(bench.official('app'), { api_path: '/missing' }, () => ({
        status_code: 404,
        body: { error: 'none' },
      }));
      await routed(url('/missing'));
      expect(await ask(url('/missing'))).toMatchObject({ status: 404, json: { error: 'none' } });
    });

    check('§15 a content type goes through as it is, with its text, on a POST without body', async () => {
      const body = '<?xml version="1.0"?><a>é</a>';
      bind(bench.official('app'), { api_path: '/xml', http_method: 'POST' }, () => ({
        status_code: 200,
        headers: { 'Content-Type': 'text/xml' },
        body,
      }));
      await routed(url('/xml'), 'POST');
      const reply = await ask(url('/xml'), { method: 'POST' });
      expect([reply.headers.get('content-type'), reply.text]).toEqual(['text/xml', body]);
    });

    check('§15 a path without route is 404 with the envelope', async () => {
      expect(await ask(url('/nowhere'))).toMatchObject({
        status: 404,
        json: { error: { code: 'NOT_FOUND', message: 'Not Found' } },
      });
    });

    check('§15 swapped parameter names conflict: the first serves, the second is refused', async () => {
      const refused = vi.spyOn(console, 'error').mockImplementation(() => {});
      const app = bench.official('app');
      bind(app, { api_path: '/geo/:lat/:lon' }, () => ({ body: 'first' }));
      await routed(url('/geo/1/2'));
      bind(app, { api_path: '/geo/:lon/:lat' }, () => ({ body: 'second' }));
      await expect.poll(() => refused.mock.calls.flat().map(String).join(' ')).toMatch(/conflict/i);
      expect(refused.mock.calls.flat().map(String).join(' ')).toContain(
        'conflicts with already-registered route',
      );
      refused.mockRestore();
      expect((await ask(url('/geo/1/2'))).json).toBe('first');
      const listed = await app.trigger<object, { registered_triggers: Array<{ function_id: string }> }>({
        function_id: 'engine::registered-triggers::list',
        payload: {},
      });
      const bound = listed.registered_triggers.map(({ function_id }) => function_id);
      expect(bound.filter((id) => id.includes('/geo/'))).toEqual(['route::GET /geo/:lat/:lon']);
    });

    check('§15 middleware continues, in order, and is given the request', async () => {
      const app = bench.official('app');
      const seen: unknown[] = [];
      for (const id of ['mw::first', 'mw::second']) {
        app.registerFunction(id, async (payload: object) => {
          seen.push([id, payload]);
          return { action: 'continue' };
        });
      }
      const route = { api_path: '/guarded/:id', middleware_function_ids: ['mw::first', 'mw::second'] };
      bind(app, route, () => {
        seen.push('handler');
        return { body: 'served' };
      });
      await routed(url('/guarded/7'));
      const reply = await ask(url('/guarded/7?q=hello'), { headers: { authorization: 'Bearer x' } });
      expect(reply).toMatchObject({ status: 200, json: 'served' });
      const given = {
        phase: 'preHandler',
        request: {
          method: 'GET',
          path_params: { id: '7' },
          query_params: { q: 'hello' },
          headers: { authorization: 'Bearer x' },
        },
      };
      expect(seen).toMatchObject([['mw::first', given], ['mw::second', given], 'handler']);
    });

    check('§15 middleware that responds keeps the handler from being called', async () => {
      const app = bench.official('app');
      const handler = vi.fn();
      app.registerFunction('mw::deny', async () => ({
        action: 'respond',
        response: { status_code: 403, headers: { 'x-by': 'mw' }, body: { error: 'Forbidden' } },
      }));
      bind(app, { api_path: '/denied', middleware_function_ids: ['mw::deny'] }, handler);
      await routed(url('/denied'));
      const reply = await ask(url('/denied'));
      expect(reply).toMatchObject({ status: 403, json: { error: 'Forbidden' } });
      expect(reply.headers.get('x-by')).toBe('mw');
      expect(handler).not.toHaveBeenCalled();
    });

    check('§15 a route of a namespace runs target, condition and middleware of that namespace', async () => {
      const plain = bench.official('plain');
      const ids = ['ns::target', 'ns::condition', 'ns::middleware'];
      const wrong = vi.fn();
      for (const id of ids) plain.registerFunction(id, async () => wrong(id));
      const orders = await bench.worker('orders', { namespace: 'orders' });
      const results: Record<string, unknown> = {
        'ns::target': { body: 'of orders' },
        'ns::condition': true,
        'ns::middleware': { action: 'continue' },
      };
      for (const id of ids) orders.offer(id);
      const called: unknown[] = [];
      orders.socket.on('message', () => {
        for (const frame of orders.frames.splice(0)) {
          if (frame.type !== 'invokefunction') continue;
          called.push(frame.function_id);
          orders.respond(frame, { result: results[String(frame.function_id)] });
        }
      });
      orders.send({
        type: 'registertrigger',
        id: orders.nextId(),
        trigger_type: 'http',
        function_id: 'ns::target',
        namespace: 'orders',
        config: {
          api_path: '/ns',
          condition_function_id: 'ns::condition',
          middleware_function_ids: ['ns::middleware'],
        },
      });
      await routed(url('/ns'));
      expect(await ask(url('/ns'))).toMatchObject({ status: 200, json: 'of orders' });
      expect([called, wrong.mock.calls]).toEqual([['ns::condition', 'ns::middleware', 'ns::target'], []]);
    });

    for (const [api_path, path] of [
      ['/owned', '/owned'],
      ['/owned/:id', '/owned/5'],
    ] as const) {
      check(`§15 an owner of ${api_path} that leaves takes no route of a newer one along`, async () => {
        const [older, newer] = [bench.official('older'), bench.official('newer')];
        const serve = (client: typeof older, name: string) => {
          client.registerFunction(`${name}::f`, async () => ({ body: name }));
          return client.registerTrigger({ type: 'http', function_id: `${name}::f`, config: { api_path } });
        };
        const stale = serve(older, 'older');
        await routed(url(path));
        serve(newer, 'newer');
        await expect.poll(async () => (await ask(url(path))).json).toBe('newer');
        stale.unregister();
        await older.trigger({ function_id: 'engine::functions::list', payload: {} });
        expect((await ask(url(path))).json).toBe('newer');
        await older.shutdown();
        expect((await ask(url(path))).json).toBe('newer');
      });
    }

    check('§15 a handler, or a condition, that fails is 500 with what it said', async () => {
      const app = bench.official('app');
      const handler = vi.fn(() => {
        throw new Error('out of order');
      });
      app.registerFunction('condition::fails', async () => {
        throw new Error('cannot tell');
      });
      bind(app, { api_path: '/fails' }, handler);
      const conditional = { api_path: '/unsure', condition_function_id: 'condition::fails' };
      bind(app, conditional, handler);
      await routed(url('/unsure'));
      const failure = (message: string) => ({
        status: 500,
        json: {
          error: {
            code: 'invocation_failed',
            message: expect.stringContaining(message) as string,
            error_id: expect.stringMatching(/^[0-9a-f]{1,12}$/) as string,
          },
        },
      });
      expect(await ask(url('/unsure'))).toMatchObject(failure('cannot tell'));
      expect(handler).not.toHaveBeenCalled();
      expect(await ask(url('/fails'))).toMatchObject(failure('out of order'));
    });

    // A result that is not truthy does not pass: the house decides so where older engines let all but `false` through.
    for (const result of [false, null, 0]) {
      check(`§15 a condition that says ${String(result)} is 422`, async () => {
        const app = bench.official('app');
        const handler = vi.fn();
        app.registerFunction('condition::f', async () => result);
        const conditional = { api_path: `/skipped/${result}`, condition_function_id: 'condition::f' };
        bind(app, conditional, handler);
        await routed(url(`/skipped/${result}`));
        expect(await ask(url(`/skipped/${result}`))).toMatchObject({
          status: 422,
          json: { error: { code: 'CONDITION_NOT_MET', message: 'Request condition not met' }, skipped: true },
        });
        expect(handler).not.toHaveBeenCalled();
      });
    }

    for (const body of ['{"a":', '', '   ']) {
      check(`§15 a body that is not JSON (${JSON.stringify(body)}) reaches the handler as null`, async () => {
        bind(bench.official('app'), { api_path: `/json/${body.length}`, http_method: 'POST' }, (given) => ({
          body: { body: given.body },
        }));
        await routed(url(`/json/${body.length}`), 'POST');
        const reply = await ask(url(`/json/${body.length}`), { method: 'POST', headers: JSON_TYPE, body });
        expect(reply).toMatchObject({ status: 200, json: { body: null } });
      });
    }
  },
);

const GUARDED = `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - name: iii-http
    config: { port: 0, middleware: [{ function_id: mw::global }] }
`;

await onBothDrivers(
  'spec/worker-http.md §15: middleware for all routes',
  (bench, check) => {
    check('§15 that responds with 401 wins over that of the route', async () => {
      const app = bench.official('app');
      const later = vi.fn(async () => ({ action: 'continue' }));
      app.registerFunction('mw::global', async ({ request }: { request: Payload }) =>
        request.headers.authorization === undefined
          ? { action: 'respond', response: { status_code: 401, body: { error: 'who are you' } } }
          : { action: 'continue' },
      );
      app.registerFunction('mw::route', later);
      const route = { api_path: '/private', middleware_function_ids: ['mw::route'] };
      bind(app, route, () => ({ body: 'secret' }));
      const url = `${bench.engine.httpUrl}/private`;
      await routed(url);
      expect(await ask(url)).toMatchObject({ status: 401, json: { error: 'who are you' } });
      expect(later).not.toHaveBeenCalled();
      expect(await ask(url, { headers: { authorization: 'me' } })).toMatchObject({
        status: 200,
        json: 'secret',
      });
      expect(later).toHaveBeenCalledOnce();
    });
  },
  { config: GUARDED },
);
