import { describe, expect, it } from 'vitest';
import { HELP, readCommand } from './arguments.js';
import { SUITE } from './suite.js';

describe('readCommand', () => {
  it('measures calls in all ways on both drivers when nothing else is said', () => {
    expect(readCommand(['invoke'])).toEqual({
      what: 'suite',
      names: ['invoke'],
      json: false,
      write: false,
      options: {
        drivers: ['uws', 'node'],
        rounds: 3,
        quick: false,
        invoke: {
          inFlight: [1, 16, 64, 256],
          payloads: [64, 1_024, 65_536, 1_048_576],
          workers: [1, 4],
          all: false,
          turnMs: 700,
        },
      },
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
    const args =
      'invoke --driver node --rounds 7 --in-flight 8,9 --payload 10 --workers 2 --every --ms 50 --json';
    expect(readCommand(`${args} --profile out`.split(' '))).toMatchObject({
      json: true,
      options: {
        drivers: ['node'],
        rounds: 7,
        profile: 'out',
        invoke: { inFlight: [8, 9], payloads: [10], workers: [2], all: true, turnMs: 50 },
      },
    });
    expect(readCommand(['channel', '--mib', '2', '--rounds', '1'])).toMatchObject({
      options: { totalBytes: 2 * 1024 ** 2, rounds: 1 },
    });
    expect(readCommand(['http', '--connections', '1'])).toMatchObject({ options: { connections: 1 } });
  });

  it('runs all of the suite, and keeps what comes of it', () => {
    expect(readCommand(['--all', '--write'])).toMatchObject({ names: SUITE, write: true });
  });

  it('is quick on one driver, with all of the suite where nothing is named', () => {
    const quick = { quick: true, drivers: ['uws'] };
    expect(readCommand(['--quick'])).toMatchObject({ names: SUITE, options: quick });
    expect(readCommand(['churn', '--quick'])).toMatchObject({ names: ['churn'], options: quick });
    expect(readCommand(['churn', '--quick', '--driver', 'node'])).toMatchObject({
      options: { drivers: ['node'] },
    });
  });

  it('takes the -- that npm leaves in front', () => {
    expect(readCommand(['--', 'http'])).toMatchObject({ what: 'http' });
  });

  it.each([[['--help']], [['invoke', '-h']], [['http', '--rounds', 'x', '--help']]])(
    'helps with %j, which is no failure',
    (args) => {
      expect(readCommand(args)).toEqual({ what: 'help', status: 0 });
    },
  );

  it('helps when nothing is asked for, which is a failure', () => {
    expect(readCommand([])).toEqual({ what: 'help', status: 2 });
  });

  it.each([
    ['websockets', `"websockets" is no benchmark. There are: ${SUITE.join(', ')}, channel, http`],
    ['invoke --driver deno', '--driver is "deno", which is none of: uws, node'],
    ['invoke --in-flight 1,x', '--in-flight is "x", which is no whole number above 0'],
    ['churn --payload 3', '--payload is for invoke only, not for churn'],
    ['invoke --quick --write', '--quick measures nothing that is worth keeping'],
    ['http --rounds 0', '--rounds is "0", which is no whole number above 0'],
    ['http --seconds 1.5', '--seconds is "1.5", which is no whole number above 0'],
    ['http --connections many', '--connections is "many", which is no whole number above 0'],
    ['channel --mib -1', "'--mib' argument is ambiguous"],
    ['http --in-flight 3', "Unknown option '--in-flight'"],
    ['invoke http', "Unexpected argument 'http'"],
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
    expect(readCommand(args).what).not.toBe('help');
  }
});

it('every benchmark is in the help', () => {
  for (const name of [...SUITE, 'channel', 'http']) expect(HELP).toMatch(new RegExp(`^  ${name} `, 'm'));
});
