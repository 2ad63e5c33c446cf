import { describe, expect, it } from 'vitest';
import { StreamHead } from './stream-head.js';

function head(...messages: unknown[]) {
  const dropped: string[] = [];
  const ignored: string[] = [];
  const made = new StreamHead(
    (name) => dropped.push(name),
    (message) => ignored.push(message),
  );
  for (const message of messages) {
    made.apply(typeof message === 'string' ? message : JSON.stringify(message));
  }
  return { head: made, dropped, ignored };
}

const status = (status_code: unknown) => ({ type: 'set_status', status_code });
const headers = (given: unknown) => ({ type: 'set_headers', headers: given });

describe('the head of a streamed answer', () => {
  it('is 200 without headers when nothing is said', () => {
    expect(head().head).toMatchObject({ status: 200, headers: [] });
  });

  it('has the last status and the headers of all messages', () => {
    const { head: made } = head(status(202), headers({ a: '1', b: '2' }), status(206), headers({ c: '3' }));
    expect(made.status).toBe(206);
    expect(made.headers).toEqual([
      ['a', '1'],
      ['b', '2'],
      ['c', '3'],
    ]);
  });

  it.each([[99], [600], [200.5], ['204'], [null], [Number.MAX_VALUE], [undefined]])(
    'keeps its status when it is told %j',
    (given) => {
      const { head: made, ignored } = head(status(201), status(given));
      expect(made.status).toBe(201);
      expect(ignored).toEqual([expect.stringContaining('use a whole number from 200 to 599')]);
    },
  );

  it.each([100, 101, 199])('cannot be sent with the status %i, unless another follows', (given) => {
    const { head: made } = head(status(given));
    expect(() => made.status).toThrow(`set_status ${given}: use a whole number from 200 to 599`);
    made.apply(JSON.stringify(status(204)));
    expect(made.status).toBe(204);
  });

  it('has one value for a name in whatever case, the last one', () => {
    const { head: made } = head(headers({ 'Content-Type': 'a/b' }), headers({ 'content-type': 'c/d' }));
    expect(made.headers).toEqual([['content-type', 'c/d']]);
  });

  it('has a line for each value of a list', () => {
    const { head: made, dropped } = head(headers({ 'Set-Cookie': ['a=1', 5, 'b=2'] }));
    expect(made.headers).toEqual([
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
    ]);
    expect(dropped).toEqual(['Set-Cookie']);
  });

  it('leaves out what cannot be sent, one by one, and keeps the value before', () => {
    const { head: made, dropped } = head(
      headers({ 'x-a': 'kept', 'x b': '1', 'x-c': 'a\r\nb', 'x-d': 1, 'x-e': '→', 'x-f': '\0' }),
      headers({ 'x-a': 'a\nb' }),
    );
    expect(made.headers).toEqual([['x-a', 'kept']]);
    expect(dropped).toEqual(['x b', 'x-c', 'x-d', 'x-e', 'x-f', 'x-a']);
  });

  it.each(['', 'hi', '[]', '5', 'null', '{}', '{"type":"other"}', headers(null), headers([['a', 'b']])])(
    'is not changed by %j',
    (message) => {
      const { head: made, dropped, ignored } = head(message);
      expect([made.status, made.headers, dropped, ignored]).toEqual([200, [], [], []]);
    },
  );

  it('takes names for names, whatever they mean to JavaScript', () => {
    expect(head('{"type":"set_headers","headers":{"__proto__":"x"}}').head.headers).toEqual([
      ['__proto__', 'x'],
    ]);
  });
});
