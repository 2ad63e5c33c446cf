import { expect, it } from 'vitest';
import { announcesBody } from './framing.js';
import { Head } from './request-head.js';

const announced = (...headers: Array<[string, string]>) =>
  announcesBody(new Head('POST', '/', '', headers, ''));

it('a head without length and coding announces no body', () => {
  expect(announced()).toBe(false);
  expect(announced(['content-length', '0'])).toBe(false);
});

it('a length or the chunked coding announces one', () => {
  expect(announced(['content-length', '1'])).toBe(true);
  expect(announced(['transfer-encoding', 'Chunked'])).toBe(true);
  expect(announced(['content-length', '5'], ['content-length', '5'])).toBe(true);
});

it('what two parsers could read differently is neither', () => {
  const ambiguous: Array<Array<[string, string]>> = [
    [
      ['content-length', '3'],
      ['content-length', '5'],
    ],
    [['content-length', '3, 5']],
    [['content-length', '+3']],
    [['content-length', '0x3']],
    [['content-length', '3.0']],
    [['content-length', '-1']],
    [['content-length', '9'.repeat(30)]],
    [['transfer-encoding', 'gzip']],
    [['transfer-encoding', 'gzip, chunked']],
    [
      ['transfer-encoding', 'chunked'],
      ['transfer-encoding', 'identity'],
    ],
    [
      ['transfer-encoding', 'chunked'],
      ['content-length', '3'],
    ],
  ];
  for (const headers of ambiguous) expect(announced(...headers), JSON.stringify(headers)).toBeUndefined();
});
