import { describe, expect, it } from 'vitest';
import { headerLines } from './header-lines.js';

function read(given: unknown): { lines: unknown; dropped: string[] } {
  const dropped: string[] = [];
  const lines = headerLines(given, (name, reason) => dropped.push(`${name}: ${reason}`));
  return { lines, dropped };
}

describe('headers of a function', () => {
  it.each([
    [undefined, []],
    [null, []],
    ['X: 1', []],
    [5, []],
    [
      { 'X-A': '1', b: '' },
      [
        ['X-A', '1'],
        ['b', ''],
      ],
    ],
    [
      { 'set-cookie': ['a=1', 'b=2'] },
      [
        ['set-cookie', 'a=1'],
        ['set-cookie', 'b=2'],
      ],
    ],
    [
      ['Set-Cookie: a=1', 'Set-Cookie: b=2'],
      [
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
      ],
    ],
    [['  X :  a: b  '], [['X', 'a: b']]],
    [{ x: 'caf\xe9' }, [['x', 'caf\xe9']]],
  ])('%j are %j', (given, expected) => {
    expect(read(given)).toEqual({ lines: expected, dropped: [] });
  });

  it.each([
    [{ good: '1', bad: 5 }, 'bad: its value is of type number, not a string'],
    [{ good: '1', bad: ['2', null] }, 'bad: its value is of type object, not a string'],
    [{ good: '1', 'a b': 'c' }, 'a b: its name is not a token'],
    [{ good: '1', bad: '→' }, 'bad: its value is not printable ASCII or Latin-1'],
    [{ good: '1', bad: '\x07' }, 'bad: its value is not printable ASCII or Latin-1'],
    [['good: 1', 'no colon'], ': it is not of the form "Name: value"'],
    [['good: 1', ': no name'], ': it is not of the form "Name: value"'],
    [['good: 1', 5], ': it is not of the form "Name: value"'],
    [['good: 1', '  : x'], ': its name is not a token'],
  ])('of %j the rest is sent, and the log hears of it', (given, reason) => {
    const { lines, dropped } = read(given);
    expect((lines as string[][])[0]).toEqual(['good', '1']);
    expect(dropped).toEqual([reason]);
  });

  it.each([
    [{ x: 'a\r\nSet-Cookie: b' }],
    [{ x: 'a\nb' }],
    [{ x: 'a\0b' }],
    [{ 'x\r\ny': 'a' }],
    [['x: a\r\nb: c']],
    [{ x: ['fine', 'a\rb'] }],
  ])('%j are refused as a whole', (given) => {
    expect(() => read(given)).toThrow('has a line break or NUL in it');
  });
});
