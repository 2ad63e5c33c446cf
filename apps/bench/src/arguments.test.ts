import { describe, expect, it } from 'vitest';
import { HELP, readCommand } from './arguments.js';

describe('readCommand', () => {
  it('measures calls on both drivers with our client when nothing else is said', () => {
    expect(readCommand(['calls'])).toEqual({
      what: 'calls',
      options: { drivers: ['uws', 'node'], rounds: 3, client: 'own', inFlight: 64, seconds: 4 },
    });
  });

  it('measures HTTP with 64 connections when nothing else is said', () => {
    expect(readCommand(['http'])).toEqual({
      what: 'http',
      options: { drivers: ['uws', 'node'], rounds: 3, connections: 64, seconds: 4 },
    });
  });

  it('moves a GiB in chunks of 64 KiB through a channel, three times, when nothing else is said', () => {
    expect(readCommand(['channel'])).toEqual({
      what: 'channel',
      options: { drivers: ['uws', 'node'], rounds: 3, chunkBytes: 65_536, totalBytes: 1024 ** 3 },
    });
  });

  it('takes what is said instead', () => {
    const args = 'calls --driver node --rounds 7 --client official --in-flight 8 --seconds 1 --profile out';
    expect(readCommand(args.split(' '))).toEqual({
      what: 'calls',
      options: { drivers: ['node'], rounds: 7, client: 'official', inFlight: 8, seconds: 1, profile: 'out' },
    });
    expect(readCommand(['channel', '--mib', '2', '--rounds', '1'])).toMatchObject({
      options: { totalBytes: 2 * 1024 ** 2, rounds: 1 },
    });
    expect(readCommand(['http', '--connections', '1'])).toMatchObject({ options: { connections: 1 } });
  });

  it('takes the -- that npm leaves in front', () => {
    expect(readCommand(['--', 'http'])).toMatchObject({ what: 'http' });
  });

  it.each([[['--help']], [['calls', '-h']], [['http', '--rounds', 'x', '--help']]])(
    'helps with %j, which is no failure',
    (args) => {
      expect(readCommand(args)).toEqual({ what: 'help', status: 0 });
    },
  );

  it('helps when nothing is asked for, which is a failure', () => {
    expect(readCommand([])).toEqual({ what: 'help', status: 2 });
  });

  it.each([
    ['websockets', '"websockets" is no benchmark. There are: channel, calls, http'],
    ['calls --driver deno', '--driver is "deno", which is none of: uws, node'],
    ['calls --client theirs', '--client is "theirs", which is none of: own, official'],
    ['http --rounds 0', '--rounds is "0", which is no whole number above 0'],
    ['http --seconds 1.5', '--seconds is "1.5", which is no whole number above 0'],
    ['http --connections many', '--connections is "many", which is no whole number above 0'],
    ['channel --mib -1', "'--mib' argument is ambiguous"],
    ['http --in-flight 3', "Unknown option '--in-flight'"],
    ['calls http', "Unexpected argument 'http'"],
  ])('refuses "%s" and says why', (line, message) => {
    expect(() => readCommand(line.split(' '))).toThrow(message);
  });
});

it('every example of the help is understood', () => {
  const [, examples = ''] = HELP.split('Examples:');
  const lines = examples.trim().split('\n');
  expect(lines.length).toBeGreaterThan(3);
  for (const line of lines) {
    const [pnpm, bench, ...args] = line.trim().split(' ');
    expect([pnpm, bench]).toEqual(['pnpm', 'bench']);
    expect(readCommand(args)).toMatchObject({ what: args[0] });
  }
});
