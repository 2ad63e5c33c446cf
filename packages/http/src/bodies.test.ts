import { once } from 'node:events';
import net from 'node:net';
import type { BodyEvents, HttpRequest } from 'iii-listener';
import { LIMITS, RAW_NULL, rawFromText, textOfRaw } from 'iii-protocol';
import { gate } from 'iii-testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { readBody } from './request/body.js';
import { BodyBudget } from './request/body-budget.js';
import { fitsOneMessage, parseJsonBody } from './request/json-body.js';
import { drivers, type Payload, TestBed } from './test-support.js';

const JSON_TYPE = { 'content-type': 'application/json' };
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

describe.each(drivers)('request bodies, driver %s', (driver) => {
  let bed: TestBed;
  let bodies: unknown[] = [];

  beforeAll(async () => {
    bed = await TestBed.open({ config: { driver, body_limit: 1000 } });
    const echo = ({ body, headers }: Payload) => {
      bodies.push(body);
      return { status_code: 201, body: { body, type: headers['content-type'] ?? null } };
    };
    for (const http_method of ['POST', 'GET']) await bed.route('/echo', echo, { config: { http_method } });
  });
  afterAll(() => bed[Symbol.asyncDispose]());

  async function bodyOf(
    body: string | Uint8Array,
    headers: Record<string, string> = JSON_TYPE,
  ): Promise<unknown> {
    const reply = await bed.ask('/echo', { method: 'POST', headers, body });
    expect(reply.status).toBe(201);
    return (reply.json as { body: unknown }).body;
  }

  it.each([
    ['{"z":2, "a":1}', { z: 2, a: 1 }],
    ['[1,2.5,"x",null,true]', [1, 2.5, 'x', null, true]],
    [' 5\n', 5],
    ['"é\\u00e9"', 'éé'],
    ['null', null],
    ['{"a":1,"a":2}', { a: 2 }],
    [nested(126), JSON.parse(nested(126))],
  ])('%j arrives parsed', async (text, expected) => {
    expect(await bodyOf(text)).toEqual(expected);
  });

  it.each([
    [''],
    ['  '],
    ['{"a":1'],
    ['{"a":1} x'],
    ["{'a':1}"],
    ['NaN'],
    ['1e999'],
    ['[-1e999]'],
    ['"\\ud800"'],
    ['{"\\udfff":1}'],
    [nested(127)],
    ['[01]'],
  ])('%j arrives as null, not as a 400', async (text) => {
    expect(await bodyOf(text)).toBeNull();
  });

  it.each([
    ['a byte order mark', [0xef, 0xbb, 0xbf, 0x31]],
    ['text that is not UTF-8', [0x22, 0xff, 0x22]],
  ])('%s arrives as null', async (_, bytes) => {
    expect(await bodyOf(Uint8Array.from(bytes))).toBeNull();
  });

  it.each([
    ['application/json; charset=utf-8', { a: 1 }],
    ['Application/JSON', { a: 1 }],
    ['application/vnd.x+json', { a: 1 }],
    ['text/plain', null],
    ['application/x-www-form-urlencoded', null],
  ])('of type %s arrives as %j', async (type, expected) => {
    expect(await bodyOf('{"a":1}', { 'content-type': type })).toEqual(expected);
  });

  it('without a type arrives as null', async () => {
    expect(await bodyOf('{"a":1}', {})).toBeNull();
  });

  it('is null for a request that has none', async () => {
    expect((await bed.ask('/echo')).json).toEqual({ body: null, type: null });
    expect((await bed.ask('/echo', { headers: JSON_TYPE })).json).toMatchObject({ body: null });
  });

  it('names in it reach no prototype', async () => {
    expect(await bodyOf('{"__proto__":{"polluted":1}}')).toEqual(JSON.parse('{"__proto__":{"polluted":1}}'));
    expect({}).not.toHaveProperty('polluted');
  });

  describe('larger than body_limit', () => {
    const large = JSON.stringify('x'.repeat(999));
    const TOO_LARGE = { error: { code: 'PAYLOAD_TOO_LARGE', message: 'Request body too large' } };

    it('are refused by their length, and never reach the handler', async () => {
      bodies = [];
      const reply = await bed.ask('/echo', { method: 'POST', headers: JSON_TYPE, body: large });
      expect(reply).toMatchObject({ status: 413, json: TOO_LARGE });
      expect(reply.headers['access-control-allow-origin']).toBe('*');
      expect(bodies).toEqual([]);
    });

    it('are refused while they arrive, when they do not say how long they are', async () => {
      bodies = [];
      const headers = { ...JSON_TYPE, 'transfer-encoding': 'chunked' };
      const reply = await bed.ask('/echo', { method: 'POST', headers, body: large });
      expect(reply).toMatchObject({ status: 413, json: TOO_LARGE });
      expect(bodies).toEqual([]);
    });

    it('are no matter when they are not JSON, and so not read', async () => {
      expect(await bodyOf(large, { 'content-type': 'text/plain' })).toBeNull();
    });

    it('begin right above it', async () => {
      expect(await bodyOf(JSON.stringify('x'.repeat(998)))).toHaveLength(998);
    });
  });

  it.each([
    ['by length', 'Content-Length: 100\r\n\r\n{"a":'],
    ['in chunks', 'Transfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n'],
  ])('that is cut off (%s) never reaches the handler', async (_, rest) => {
    const reading = gate();
    await using cut = await TestBed.open({
      config: { driver, middleware: [{ function_id: 'reading', phase: 'preHandler', priority: 0 }] },
    });
    const served = vi.fn();
    await cut.route('/echo', served, { config: { http_method: 'POST' } });
    cut.app.registerFunction('reading', () => {
      reading.open();
      return { action: 'continue' };
    });
    const [host, port] = cut.address.split(':');
    const client = net.connect(Number(port), host);
    client.write(`POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n${rest}`);
    await reading.opened;
    client.destroy();
    await once(client, 'close');
    // Stopping waits for what is in flight.
    await cut.http.stop();
    expect(served).not.toHaveBeenCalled();
  });
});

it('a body that would not fit one message to the engine is too large', () => {
  const body = (bytes: number) => rawFromText(JSON.stringify('x'.repeat(bytes - 2)));
  expect(fitsOneMessage(body(LIMITS.maxMessageBytes))).toBe(false);
  expect(fitsOneMessage(body(LIMITS.maxMessageBytes / 2))).toBe(true);
});

it('nesting without end is refused before it is parsed', () => {
  const parse = vi.spyOn(JSON, 'parse');
  expect(parseJsonBody(Buffer.from('['.repeat(10_000_000)))).toBe(RAW_NULL);
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();
});

it.each([
  ['1e308', true],
  ['1e309', false],
  ['[1E+400]', false],
  ['{"a":-1e999}', false],
  ['1e-999', true],
  ['1e0000000000000000000000000000000001', true],
  ['"1e999"', true],
  ['9'.repeat(308), true],
  ['9'.repeat(310), false],
  [`0.${'9'.repeat(400)}`, true],
  ['{"a":"12e345", "b":[1e-5, 22e+33]}', true],
  [`${'['.repeat(126)}${']'.repeat(126)}`, true],
  [`${'['.repeat(127)}${']'.repeat(127)}`, false],
  ['"\\ud800"', false],
  ['\ufeff1', false],
])('%s reaches its receiver as it is: %s', (text, reaches) => {
  const raw = parseJsonBody(Buffer.from(text));
  expect(textOfRaw(raw)).toBe(reaches ? text : 'null');
});

describe('the memory for bodies', () => {
  /** A request whose body comes when it is told to. */
  function upload() {
    let events: BodyEvents | undefined;
    const pause = vi.fn();
    const request = {
      header: () => undefined,
      pause,
      read: (given: BodyEvents) => {
        events = given;
      },
    };
    return {
      pause,
      request: request as object as HttpRequest,
      data: (bytes: number) => events?.data(new Uint8Array(bytes)),
      end: () => events?.end(),
      aborted: () => events?.aborted(),
    };
  }

  it('is shared: a body that finds no room in it is refused and not read on, others are read', async () => {
    const budget = new BodyBudget(() => 100);
    const [first, second] = [upload(), upload()];
    const shares = [budget.open(), budget.open()] as const;
    const reads = [readBody(first.request, 90, shares[0]), readBody(second.request, 90, shares[1])];
    first.data(60);
    second.data(40);
    second.data(1);
    expect(await reads[1]).toEqual({ outcome: 'no_room' });
    expect(second.pause).toHaveBeenCalledOnce();
    shares[1].release();
    first.data(30);
    first.end();
    expect(await reads[0]).toMatchObject({ outcome: 'read', bytes: { length: 90 } });
    expect(budget.taken).toBe(90);
    shares[0].release();
    shares[0].release();
    expect(budget.taken).toBe(0);
  });

  it('takes nothing for a request that is over', () => {
    const budget = new BodyBudget(() => 100);
    const share = budget.open();
    share.take(10);
    share.release();
    expect(share.take(10)).toBe(false);
    expect(budget.taken).toBe(0);
  });

  it('is no matter of bodies that are too large by themselves', async () => {
    const { request, data, pause } = upload();
    const read = readBody(request, 10, new BodyBudget(() => 5).open());
    data(11);
    expect(await read).toEqual({ outcome: 'too_large' });
    expect(pause).toHaveBeenCalledOnce();
  });
});
