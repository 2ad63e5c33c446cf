import { describe, expect, it } from 'vitest';
import { engineTarget, type TargetOptions } from './target.js';

describe('where an engine is looked for', () => {
  const env = { III_URL: 'ws://from.env:1/' };

  it.each<[TargetOptions, Readonly<Record<string, string>>, string, string]>([
    [{}, {}, 'ws://localhost:49134/', 'localhost:49134'],
    [{}, { III_URL: '' }, 'ws://localhost:49134/', 'localhost:49134'],
    [{}, env, 'ws://from.env:1/', 'from.env:1'],
    [{ address: 'host' }, env, 'ws://host:49134/', 'host:49134'],
    [{ port: 5 }, env, 'ws://localhost:5/', 'localhost:5'],
    [{ address: '::1', port: 5 }, env, 'ws://[::1]:5/', '[::1]:5'],
    [
      { url: 'wss://a.example/x?y=1', address: 'host', port: 5 },
      env,
      'wss://a.example/x?y=1',
      'a.example:443',
    ],
    [{ url: 'ws://a.example' }, env, 'ws://a.example/', 'a.example:80'],
    [{ url: 'ws://ada:secret@a.example:7' }, env, 'ws://ada:secret@a.example:7/', 'a.example:7'],
  ])('%j with %j', (options, environment, url, place) => {
    expect(engineTarget(options, environment)).toEqual({ url, place, headers: {} });
  });

  it('goes with the headers to be let in', () => {
    const header = { authorization: 'Bearer x' };
    expect(engineTarget({ header }, {}).headers).toEqual(header);
  });
});
