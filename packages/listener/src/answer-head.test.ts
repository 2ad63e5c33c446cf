import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { answerHead, bytesOf, contentLength } from './answer-head.js';
import { ListenerError } from './errors.js';

describe('answerHead', () => {
  it('knows the reason phrase, also of a status nobody defined', () => {
    expect(answerHead('GET', 418).text).toBe("I'm a Teapot");
    expect(answerHead('GET', 299).text).toBe('Unknown');
  });

  it('takes the headers of the listener out, whatever their case', () => {
    const head = answerHead('GET', 200, [
      ['Content-Type', 'a'],
      ['CONTENT-LENGTH', '1'],
      ['Transfer-Encoding', 'gzip'],
      ['Keep-Alive', 'x'],
      ['Upgrade', 'h2c'],
      ['Connection', 'keep-alive'],
    ]);
    expect(head.headers).toEqual([['Content-Type', 'a']]);
    expect(head.close).toBe(false);
  });

  it('hears connection: close, alone or in a list', () => {
    for (const value of ['close', 'Close', 'keep-alive, close', 'close ,x']) {
      expect(answerHead('GET', 200, [['connection', value]]).close, value).toBe(true);
    }
    for (const value of ['keep-alive', 'closed', 'x-close']) {
      expect(answerHead('GET', 200, [['connection', value]]).close, value).toBe(false);
    }
  });

  it('lets no name or value through that could end its line', () => {
    const text = fc.string({ unit: 'binary', maxLength: 20 });
    fc.assert(
      fc.property(text, text, (name, value) => {
        try {
          answerHead('GET', 200, [[name, value]]);
        } catch (error) {
          expect(error).toBeInstanceOf(ListenerError);
          return;
        }
        expect(`${name}${value}`).not.toMatch(/[\r\n\0]/);
        expect(name).toMatch(/^[^\s:]+$/);
      }),
    );
  });

  it('names the header it refuses, and how headers look', () => {
    expect(() => answerHead('GET', 200, [['x-a', 'b\n']])).toThrow(/"b\\n" of header x-a.*HTTP tokens/);
  });
});

describe('contentLength', () => {
  const none = new Uint8Array(0);
  const five = bytesOf('gr\u00fcn');

  it('counts bytes, not characters', () => {
    expect(contentLength(answerHead('GET', 200), five)).toBe('5');
    expect(contentLength(answerHead('GET', 200), none)).toBe('0');
  });

  it('of HEAD is that of the body, or what the owner states', () => {
    expect(contentLength(answerHead('HEAD', 200), five)).toBe('5');
    expect(contentLength(answerHead('HEAD', 200, [['content-length', '77']]), none)).toBe('77');
    expect(contentLength(answerHead('HEAD', 200), none)).toBeUndefined();
  });

  it('is never stated for 204, and for 304 only by the owner', () => {
    expect(contentLength(answerHead('GET', 204, [['content-length', '1']]), five)).toBeUndefined();
    expect(contentLength(answerHead('GET', 304), five)).toBeUndefined();
    expect(contentLength(answerHead('GET', 304, [['content-length', '77']]), none)).toBe('77');
  });

  it('that is no number is not repeated', () => {
    expect(contentLength(answerHead('HEAD', 200, [['content-length', '7, 7']]), none)).toBeUndefined();
  });
});
