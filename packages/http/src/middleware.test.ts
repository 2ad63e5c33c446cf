import type { IIIClient } from 'iii-sdk';
import { settled } from 'iii-testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { HttpConfig } from './config.js';
import { drivers, type Payload, type RouteOptions, remoteClient, TestBed } from './test-support.js';

type Middleware = HttpConfig['middleware'];

function globals(...ids: string[]): Middleware {
  return ids.map((function_id) => ({ function_id, phase: 'preHandler', priority: 0 }));
}

const respond = (status_code: number, more = {}) => ({
  action: 'respond',
  response: { status_code, ...more },
});

describe.each(drivers)('middleware and conditions, driver %s', (driver) => {
  let bed: TestBed;
  /** Which functions were called, in order. */
  let calls: string[];
  let payloads: unknown[];

  /** Offers a function that notes that it was called. */
  function offer(id: string, answer: unknown, on = bed.app): void {
    on.registerFunction(id, async (payload: unknown) => {
      calls.push(id);
      payloads.push(payload);
      return typeof answer === 'function' ? answer(payload) : answer;
    });
  }

  async function open(middleware: Middleware = []): Promise<void> {
    await bed?.[Symbol.asyncDispose]();
    bed = await TestBed.open({ config: { driver, middleware } });
    calls = [];
    payloads = [];
  }

  /** A route whose handler answers with the payload it gets. */
  function route(apiPath: string, config: Record<string, unknown> = {}, more: RouteOptions = {}) {
    const handler = (payload: Payload) => {
      calls.push('handler');
      return { body: payload };
    };
    return bed.route(apiPath, handler, { ...more, config });
  }

  beforeEach(() => open());
  afterEach(() => bed[Symbol.asyncDispose]());

  describe('of a route', () => {
    it('is called in the order given, twice if it is given twice, before the handler', async () => {
      offer('one', { action: 'continue' });
      offer('two', { action: 'continue' });
      await route('/a', { middleware_function_ids: ['two', 'one', 5, 'two'] });
      expect((await bed.ask('/a')).status).toBe(200);
      expect(calls).toEqual(['two', 'one', 'two', 'handler']);
    });

    it('gets the request without its body, its path and its route', async () => {
      offer('look', { action: 'continue' });
      await route('/a/:id', { http_method: 'POST', middleware_function_ids: ['look'] });
      const headers = { 'content-type': 'application/json', authorization: 'Bearer x' };
      await bed.ask('/a/42?q=hello', { method: 'POST', headers, body: '{"secret":1}' });
      expect(payloads[0]).toEqual({
        phase: 'preHandler',
        request: {
          path_params: { id: '42' },
          query_params: { q: 'hello' },
          headers: expect.objectContaining(headers),
          method: 'POST',
        },
        context: {},
      });
    });

    it('that responds ends the request there', async () => {
      offer('guard', respond(403, { body: { error: 'no' }, headers: { 'x-why': 'guard' } }));
      offer('after', { action: 'continue' });
      await route('/a', { middleware_function_ids: ['guard', 'after'] });
      const reply = await bed.ask('/a');
      expect(reply).toMatchObject({ status: 403, json: { error: 'no' }, headers: { 'x-why': 'guard' } });
      expect(reply.headers['access-control-allow-origin']).toBe('*');
      expect(calls).toEqual(['guard']);
    });

    it('may answer with text of its own type', async () => {
      offer(
        'guard',
        respond(401, { body: 'no entry', headers: ['Content-Type: text/plain', 'X-A: 1', 'X-A: 2'] }),
      );
      await route('/a', { middleware_function_ids: ['guard'] });
      const reply = await bed.ask('/a');
      expect(reply).toMatchObject({ status: 401, text: 'no entry', headers: { 'x-a': '1, 2' } });
      expect(reply.headers['content-type']).toBe('text/plain');
    });

    it.each([[null], [undefined], ['continue'], [{}], [{ action: 'stop' }], [[{ action: 'respond' }]]])(
      'that returns %j continues, and the log has a warning',
      async (result) => {
        offer('odd', result);
        await route('/a', { middleware_function_ids: ['odd'] });
        expect((await bed.ask('/a')).status).toBe(200);
        expect(calls).toEqual(['odd', 'handler']);
        expect(bed.log.of('warn').filter(({ fields }) => fields.function_id === 'odd')).toHaveLength(1);
      },
    );

    it.each([
      ['throws', 'invocation_failed'],
      ['missing', 'function_not_found'],
    ])('that %s is a 500, and the handler is not called', async (id, code) => {
      offer('throws', () => {
        throw new Error('broken');
      });
      await route('/a', { middleware_function_ids: [id] });
      const reply = await bed.ask('/a');
      expect(reply).toMatchObject({ status: 500, json: { error: { code, error_id: expect.any(String) } } });
      expect(calls).not.toContain('handler');
    });

    it('hands a context on, member by member, to what comes after it', async () => {
      offer('one', { action: 'continue', context: { user: 'u1', role: 'guest' } });
      offer('two', { action: 'continue', context: { role: 'admin', level: 1 } });
      offer('lost', { action: 'other', context: { lost: true } });
      offer('look', { action: 'continue', context: 'not an object' });
      await route('/a', { middleware_function_ids: ['one', 'two', 'lost', 'look'] });
      const merged = { user: 'u1', role: 'admin', level: 1 };
      expect((await bed.ask('/a')).json).toMatchObject({ context: merged });
      expect(payloads[1]).toMatchObject({ context: { user: 'u1', role: 'guest' } });
      expect(payloads[3]).toMatchObject({ context: merged });
    });

    it('that hands nothing on leaves no context', async () => {
      offer('one', { action: 'continue', context: {} });
      await route('/a', { middleware_function_ids: ['one'] });
      expect((await bed.ask('/a')).json).not.toHaveProperty('context');
    });
  });

  describe('for all routes', () => {
    it('comes before that of the route, lower priorities first, equal ones as listed', async () => {
      const [a, b, c, d] = globals('a', 'b', 'c', 'd') as [
        Middleware[0],
        Middleware[0],
        Middleware[0],
        Middleware[0],
      ];
      await open([{ ...a, priority: 5 }, b, { ...c, priority: -1 }, d]);
      for (const id of ['a', 'b', 'c', 'd', 'own', 'gate']) {
        offer(id, id === 'gate' ? true : { action: 'continue' });
      }
      await route('/a', { condition_function_id: 'gate', middleware_function_ids: ['own'] });
      await bed.ask('/a');
      expect(calls).toEqual(['c', 'b', 'd', 'a', 'gate', 'own', 'handler']);
    });

    it('that responds wins over everything of the route, which reads no body then', async () => {
      await open(globals('auth'));
      offer('auth', respond(401));
      offer('gate', true);
      await route('/a', { http_method: 'POST', condition_function_id: 'gate' });
      const headers = { 'content-type': 'application/json' };
      expect((await bed.ask('/a', { method: 'POST', headers, body: '{"a":1}' })).status).toBe(401);
      expect(calls).toEqual(['auth']);
    });

    it('is not called where there is no route', async () => {
      await open(globals('auth'));
      offer('auth', { action: 'continue' });
      await route('/a');
      await bed.ask('/none');
      await bed.ask('/a', { method: 'POST' });
      await bed.ask('/a', { method: 'OPTIONS' });
      expect(calls).toEqual([]);
    });

    it('keeps requests out when it is missing', async () => {
      await open(globals('auth'));
      await route('/a');
      expect(await bed.ask('/a')).toMatchObject({
        status: 500,
        json: { error: { code: 'function_not_found' } },
      });
      expect(calls).toEqual([]);
    });
  });

  describe('a condition', () => {
    it.each([
      [false, 422],
      [null, 422],
      [undefined, 422],
      [0, 422],
      ['', 422],
      [true, 200],
      [1, 200],
      ['false', 200],
      [{}, 200],
      [[], 200],
    ])('that returns %j makes the answer %i (DESIGN D7)', async (result, status) => {
      offer('gate', result);
      await route('/a', { condition_function_id: 'gate' });
      const reply = await bed.ask('/a');
      expect(reply.status).toBe(status);
      expect(calls).toEqual(status === 200 ? ['gate', 'handler'] : ['gate']);
      if (status === 200) return;
      expect(reply.json).toEqual({
        error: { code: 'CONDITION_NOT_MET', message: 'Request condition not met' },
        skipped: true,
      });
    });

    it('sees all that the handler sees, but not its channels', async () => {
      let seen: unknown;
      offer('gate', (payload: unknown) => {
        seen = payload;
        return true;
      });
      await route('/a/:id', { http_method: 'POST', condition_function_id: 'gate' });
      const headers = { 'content-type': 'application/json' };
      const reply = await bed.ask('/a/1?x=2', { method: 'POST', headers, body: '{"n":3}' });
      const { request_body, response, ...rest } = reply.json as Record<string, unknown>;
      expect([request_body, response]).toEqual([expect.anything(), expect.anything()]);
      expect(seen).toEqual(rest);
      expect(seen).toMatchObject({ body: { n: 3 }, path_params: { id: '1' }, query_params: { x: '2' } });
    });

    it.each([
      ['throws', 'invocation_failed'],
      ['', 'function_not_found'],
    ])('%j that fails is a 500', async (id, code) => {
      offer('throws', () => {
        throw new Error('broken');
      });
      await route('/a', { condition_function_id: id });
      expect(await bed.ask('/a')).toMatchObject({ status: 500, json: { error: { code } } });
      expect(calls).not.toContain('handler');
    });

    it('of another type than a name counts as none', async () => {
      await route('/a', { condition_function_id: 5, middleware_function_ids: 'no list' });
      expect((await bed.ask('/a')).status).toBe(200);
    });
  });

  describe('namespaces', () => {
    let orders: IIIClient;

    afterEach(() => orders.shutdown());

    it('function, condition and middleware are called in that of the binding', async () => {
      await open(globals('all'));
      orders = await remoteClient(await bed.engine.listen(), 'orders-app', 'orders');
      for (const [where, on] of [
        ['default', bed.app],
        ['orders', orders],
      ] as const) {
        for (const id of ['gate', 'mw', 'all', 'target']) {
          on.registerFunction(id, () => {
            calls.push(`${id} of ${where}`);
            return id === 'gate' ? true : { action: 'continue' };
          });
        }
      }
      await bed.route('/a', undefined, {
        on: orders,
        functionId: 'target',
        config: { condition_function_id: 'gate', middleware_function_ids: ['mw'] },
      });
      expect((await bed.ask('/a')).status).toBe(200);
      expect(calls).toEqual(['all of orders', 'gate of orders', 'mw of orders', 'target of orders']);
    });

    it('middleware for all routes is found in the default one when that of the route has none', async () => {
      await open(globals('all'));
      orders = await remoteClient(await bed.engine.listen(), 'orders-app', 'orders');
      offer('all', { action: 'continue' });
      orders.registerFunction('target', () => 'here');
      await bed.route('/a', undefined, { on: orders, functionId: 'target' });
      expect((await bed.ask('/a')).json).toBe('here');
      expect(calls).toEqual(['all']);
    });

    it('middleware of the route is not', async () => {
      orders = await remoteClient(await bed.engine.listen(), 'orders-app', 'orders');
      offer('mw', { action: 'continue' });
      await bed.route('/a', () => 1, { on: orders, config: { middleware_function_ids: ['mw'] } });
      expect((await bed.ask('/a')).status).toBe(500);
    });

    it('middleware for all routes that fails by itself is not tried again', async () => {
      await open(globals('all'));
      orders = await remoteClient(await bed.engine.listen(), 'orders-app', 'orders');
      offer('all', { action: 'continue' });
      orders.registerFunction('all', () => orders.trigger({ function_id: 'missing' }));
      await bed.route('/a', () => 1, { on: orders });
      expect((await bed.ask('/a')).status).toBe(500);
      expect(calls).toEqual([]);
    });
  });

  it('metadata of the binding goes to the handler, and to nothing else', async () => {
    const seen: Record<string, unknown> = {};
    for (const id of ['gate', 'mw', 'target']) {
      bed.app.registerFunction(id, (_: unknown, metadata: unknown) => {
        seen[id] = metadata;
        return id === 'mw' ? { action: 'continue' } : true;
      });
    }
    await bed.route('/a', undefined, {
      functionId: 'target',
      metadata: { team: 'x' },
      config: { condition_function_id: 'gate', middleware_function_ids: ['mw'] },
    });
    await bed.ask('/a');
    expect(seen).toEqual({ gate: undefined, mw: undefined, target: { team: 'x' } });
  });

  it('every call carries the trace of the request on', async () => {
    const port = bed.engine.engine.connect({ name: 'raw', instance: 'raw', version: '0' });
    const traces: unknown[] = [];
    port.receive({
      frame: (frame) => {
        if (frame.type !== 'invokefunction') return;
        const { function_id, invocation_id = '', traceparent, baggage } = frame;
        traces.push({ function_id, traceparent, baggage });
        port.send({ type: 'invocationresult', invocation_id, function_id });
      },
      closed: () => {},
    });
    port.send({ type: 'registerfunction', id: 'traced' });
    await bed.route('/a', undefined, {
      functionId: 'traced',
      config: { middleware_function_ids: ['traced'] },
    });
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await bed.ask('/a', { headers: { traceparent, baggage: 'user=1' } });
    await bed.ask('/a', { headers: { traceparent: 'nonsense' } });
    await settled();
    const carried = { function_id: 'traced', traceparent, baggage: 'user=1,iii.function.id=traced' };
    const bare = { function_id: 'traced', traceparent: undefined, baggage: undefined };
    expect(traces).toEqual([carried, carried, bare, bare]);
  });
});
