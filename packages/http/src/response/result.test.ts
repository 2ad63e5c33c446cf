import { rawFromText, rawFromValue } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { middlewareAnswer, resultAnswer } from './result.js';

const nothingDropped = (name: string, reason: string) => {
  throw new Error(`${name} was left out: ${reason}`);
};

/** Status, content type and body of an answer. */
function sent({ status, headers, body }: ReturnType<typeof resultAnswer>): unknown[] {
  const types = headers.filter(([name]) => name.toLowerCase() === 'content-type').map(([, value]) => value);
  return [status, types.join(), typeof body === 'string' ? body : Buffer.from(body).toString('latin1')];
}

const raw = (value: unknown) => (value === undefined ? undefined : rawFromValue(value));

const JSON_TYPE = 'application/json';
const BUFFER = { type: 'Buffer', data: [0, 255] };

describe('the result of a handler', () => {
  it.each([
    // Plain results: DESIGN D8, where worker-http.md §16 discards them.
    [{ c: 5 }, 200, JSON_TYPE, '{"c":5}'],
    ['hi', 200, JSON_TYPE, '"hi"'],
    [[1], 200, JSON_TYPE, '[1]'],
    [7, 200, JSON_TYPE, '7'],
    [false, 200, JSON_TYPE, 'false'],
    [{}, 200, JSON_TYPE, '{}'],
    [null, 200, JSON_TYPE, '{}'],
    [undefined, 200, JSON_TYPE, '{}'],
    [{ error: 'x' }, 200, JSON_TYPE, '{"error":"x"}'],
    [{ body: 'hi', other: 1 }, 200, JSON_TYPE, '{"body":"hi","other":1}'],
    [{ status_code: '404', other: 1 }, 200, JSON_TYPE, '{"status_code":"404","other":1}'],
    [[{ status_code: 404 }], 200, JSON_TYPE, '[{"status_code":404}]'],
    // Envelopes: worker-http.md §8.2, §16.
    [{ body: 'hi' }, 200, JSON_TYPE, '"hi"'],
    [{ body: null }, 200, JSON_TYPE, 'null'],
    [{ body: undefined }, 200, JSON_TYPE, '{}'],
    [{ status_code: 404 }, 404, JSON_TYPE, '{}'],
    [{ status_code: 201, body: { ok: true }, other: 1 }, 201, JSON_TYPE, '{"ok":true}'],
    [{ statusCode: 404, body: {} }, 404, JSON_TYPE, '{}'],
    [{ statusCode: 404, other: 1 }, 404, JSON_TYPE, '{}'],
    [{ other: 1, status_code: 404 }, 404, JSON_TYPE, '{}'],
    [{ status_code: null, statusCode: 418 }, 418, JSON_TYPE, '{}'],
    [{ status_code: 201, statusCode: 418 }, 201, JSON_TYPE, '{}'],
    [{ status_code: '404' }, 200, JSON_TYPE, '{}'],
    [{ status_code: 302, headers: { Location: '/x' } }, 302, JSON_TYPE, '{}'],
    [{ headers: { 'content-type': 'text/plain' }, body: 'hi' }, 200, 'text/plain', 'hi'],
    [{ headers: ['Content-Type: text/plain'], body: 'hi' }, 200, 'text/plain', 'hi'],
    [{ headers: { 'Content-Type': JSON_TYPE }, body: '{"a":1}' }, 200, JSON_TYPE, '{"a":1}'],
    [{ headers: { 'content-type': 'text/html' }, body: { a: 1 } }, 200, 'text/html', '{"a":1}'],
    [{ headers: { 'content-type': 'text/html' }, body: null }, 200, 'text/html', ''],
    [{ headers: { 'content-type': 'text/html' }, body: 5 }, 200, 'text/html', '5'],
    [{ headers: { 'content-type': 'text/html' } }, 200, 'text/html', '{}'],
    [{ headers: { 'content-type': 'image/png' }, body: BUFFER }, 200, 'image/png', '\x00\xff'],
    [{ headers: { 'content-type': JSON_TYPE }, body: BUFFER }, 200, JSON_TYPE, JSON.stringify(BUFFER)],
    [{ body: BUFFER }, 200, JSON_TYPE, JSON.stringify(BUFFER)],
    [
      { headers: { 'content-type': 'a/b' }, body: { type: 'Buffer', data: [256] } },
      200,
      'a/b',
      '{"type":"Buffer","data":[256]}',
    ],
    [{ status_code: 204 }, 204, '', ''],
    [{ status_code: 204, body: { a: 1 } }, 204, '', ''],
    [{ status_code: 304, headers: { etag: '"x"' } }, 304, '', ''],
    [{ status_code: 599 }, 599, JSON_TYPE, '{}'],
  ])('%j is %i %s %s', (result, ...expected) => {
    expect(sent(resultAnswer(raw(result), nothingDropped))).toEqual(expected);
  });

  it.each([0, 99, 100, 101, 199, 600, 999, -1, 200.5, 65_736])('with status_code %d is refused', (status) => {
    expect(() => resultAnswer(raw({ status_code: status }), nothingDropped)).toThrow(
      `status_code ${status}: use a whole number from 200 to 599`,
    );
  });

  it.each([
    [
      '{"n": 12345678901234567890, "f":1.0, "b":1, "a":2}',
      '{"n": 12345678901234567890, "f":1.0, "b":1, "a":2}',
    ],
    ['{"status_code":200,"body":{"n":12345678901234567890, "f":1.0}}', '{"n":12345678901234567890, "f":1.0}'],
    ['{"headers":{"content-type":"text/x"},"body":1.0}', '1.0'],
    ['{"body":1,"body":2}', '2'],
  ])('%s is sent as it was spelled', (text, body) => {
    expect(sent(resultAnswer(rawFromText(text), nothingDropped))[2]).toBe(body);
  });

  it('is an envelope also where its members are spelled with escapes', () => {
    expect(sent(resultAnswer(rawFromText('{"status\\u005fcode":404,"x":1}'), nothingDropped))).toEqual([
      404,
      JSON_TYPE,
      '{}',
    ]);
  });

  it('sends every line of a header that is repeated', () => {
    const { headers } = resultAnswer(
      raw({ headers: ['Set-Cookie: a=1', 'Set-Cookie: b=2'] }),
      nothingDropped,
    );
    expect(headers).toEqual([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['content-type', JSON_TYPE],
    ]);
  });
});

describe('the response of middleware', () => {
  it.each([
    [undefined, 200, JSON_TYPE, 'null'],
    ['text', 200, JSON_TYPE, 'null'],
    [{ status_code: 403, body: { error: 'no' } }, 403, JSON_TYPE, '{"error":"no"}'],
    [{ statusCode: 401 }, 401, JSON_TYPE, 'null'],
    [{ body: 'text' }, 200, JSON_TYPE, '"text"'],
    [{ body: 'text', headers: { 'content-type': JSON_TYPE } }, 200, JSON_TYPE, '"text"'],
    [{ body: 'text', headers: { 'content-type': 'text/plain' } }, 200, 'text/plain', 'text'],
    [{ body: null, headers: { 'content-type': 'text/plain' } }, 200, 'text/plain', 'null'],
    [{ body: { a: 1 }, headers: ['Content-Type: text/plain'] }, 200, 'text/plain', '{"a":1}'],
    [{ other: 1 }, 200, JSON_TYPE, 'null'],
  ])('%j is %i %s %s', (response, ...expected) => {
    expect(sent(middlewareAnswer(raw(response), nothingDropped))).toEqual(expected);
  });
});
