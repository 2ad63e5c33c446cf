import fc from 'fast-check';
import type { IIIClient } from 'iii-sdk';
import { HandlerError } from 'iii-sdk';
import { TestEngine } from 'iii-testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { RawWorker, run, TERMINAL } from '../test-support.js';

describe('iii trigger', () => {
  let engine: TestEngine;
  let worker: IIIClient;
  let url: string;
  const raw: RawWorker[] = [];

  /** A worker of the test that answers every call of `raw::f` with these bytes. */
  async function answering(outcome: string): Promise<RawWorker> {
    const connected = await RawWorker.connect(url, 'raw::f', outcome);
    raw.push(connected);
    return connected;
  }

  beforeAll(async () => {
    engine = new TestEngine();
    url = await engine.listen();
    worker = await engine.client('math');
    worker.registerFunction('math::add', ({ a, b }: { a: number; b: number }) => ({ c: a + b }));
    worker.registerFunction('test::nothing', () => undefined);
    worker.registerFunction('test::null', () => null);
    worker.registerFunction('test::echo', (payload: object) => payload);
    worker.registerFunction('test::fail', () => {
      throw new HandlerError('OUT_OF_STOCK', 'no \u202etea\u009b left');
    });
    worker.registerFunction('test::silent', () => new Promise(() => {}));
    worker.registerFunction('test::who', async () =>
      worker.trigger({ function_id: 'engine::workers::list' }),
    );
    // A listing by name shows that the engine has read every registration above.
    await worker.trigger({ function_id: 'engine::functions::info', payload: { function_id: 'test::who' } });
  });

  afterEach(async () => {
    for (const connected of raw.splice(0)) await connected.close();
  });

  afterAll(() => engine.close());

  it('calls the function and prints its result as JSON', async () => {
    const outcome = await run(['trigger', 'math::add', 'a=2', 'b=3', '--url', url]);
    expect(outcome).toMatchObject({ status: 0, stdout: '{\n  "c": 5\n}\n', stderr: '' });
  });

  it('is also called t', async () => {
    expect((await run(['t', 'math::add', 'a=2', 'b=-3', '--url', url])).stdout).toBe('{\n  "c": -1\n}\n');
  });

  it('finds the engine by address and port', async () => {
    const args = ['--address', '127.0.0.1', '--port', new URL(url).port];
    expect((await run(['trigger', ...args, 'math::add', 'a=2', 'b=3'])).stdout).toBe('{\n  "c": 5\n}\n');
  });

  it('finds the engine by III_URL', async () => {
    const outcome = await run(['trigger', 'math::add', 'a=1', 'b=1'], { env: { III_URL: url } });
    expect(outcome.stdout).toBe('{\n  "c": 2\n}\n');
  });

  it.each(['test::nothing', 'test::null'])('prints nothing for the result of %s', async (id) => {
    expect(await run(['trigger', id, '--url', url])).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it.each(['false', '0', '""', '[]', '{}'])('prints the result %s', async (json) => {
    await answering(`"result":${json}`);
    expect((await run(['trigger', 'raw::f', '--url', url])).stdout).toBe(`${json}\n`);
  });

  it('passes numbers, the order of members and their names through as they are typed', async () => {
    const connected = await answering('"result":null');
    const pairs = ['n=9007199254740993', 'x=1.0', 'y=-1e400', '10=1', '9=2', '__proto__={"a":1}'];
    await run(['trigger', 'raw::f', ...pairs, '--url', url]);
    await run(['trigger', 'raw::f', '--json', '[18446744073709551615,1.50]', '--url', url]);
    expect(connected.received).toEqual([
      '{"n":9007199254740993,"x":1.0,"y":-1e400,"10":1,"9":2,"__proto__":{"a":1}}',
      '[18446744073709551615,1.50]',
    ]);
  });

  it('prints numbers and the order of members as they were sent', async () => {
    await answering('"result":{"n": 9007199254740993, "x": 1.0, "10": 1, "9": 2, "__proto__": {"x": 1}}');
    const { stdout } = await run(['trigger', 'raw::f', '--url', url]);
    expect(stdout).toBe(
      '{\n  "n": 9007199254740993,\n  "x": 1.0,\n  "10": 1,\n  "9": 2,\n  "__proto__": {\n    "x": 1\n  }\n}\n',
    );
    expect({}).not.toHaveProperty('x');
  });

  it('takes what looks like an option as a pair behind --', async () => {
    const connected = await answering('"result":null');
    await run(['trigger', '--url', url, '--', 'raw::f', 'a=-3', '--json=1', '-n=2']);
    expect(connected.received).toEqual(['{"a":-3,"--json":1,"-n":2}']);
  });

  it('takes options between the pairs, and JSON that begins with a dash', async () => {
    const connected = await answering('"result":null');
    await run(['trigger', '--url', url, 'raw::f', 'a=1', '--timeout-ms', '5000', 'b=2']);
    await run(['trigger', '--url', url, 'raw::f', '--json', '-5']);
    await run(['trigger', '--url', url, 'raw::f', '--json=null']);
    expect(connected.received).toEqual(['{"a":1,"b":2}', '-5', 'null']);
  });

  it('sends whatever pairs and --json add up to', async () => {
    const key = fc.string({ minLength: 1, unit: 'grapheme' }).filter((name) => !name.includes('='));
    const pairs = fc.array(fc.tuple(key, fc.jsonValue()), { maxLength: 5 });
    const connected = await answering('"result":null');
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, fc.jsonValue(), { maxKeys: 5 }), pairs, async (object, words) => {
        const tokens = words.map(([name, value]) => `${name}=${JSON.stringify(value)}`);
        const { status } = await run([
          ...['trigger', '--url', url, '--json', JSON.stringify(object), '--', 'raw::f'],
          ...tokens,
        ]);
        expect(status).toBe(0);
        const expected = Object.fromEntries([...Object.entries(object), ...words]);
        expect(JSON.parse(connected.received.pop() ?? '')).toEqual(JSON.parse(JSON.stringify(expected)));
      }),
      { numRuns: 25 },
    );
  });

  it('tells of an unknown function as one JSON error', async () => {
    const { status, stdout, stderr } = await run(['trigger', 'no::such', '--url', url]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^Error: \{\n {2}"code": "function_not_found",\n/);
    expect(JSON.parse(stderr.slice('Error: '.length))).toEqual({
      code: 'function_not_found',
      message: expect.stringContaining('Function no::such not found') as string,
      stacktrace: null,
    });
  });

  it('tells of an error of the function, with its stack trace, and of nothing that commands a terminal', async () => {
    const { status, stderr } = await run(['trigger', 'test::fail', '--url', url]);
    expect(status).toBe(1);
    expect(stderr).toContain('"message": "no \\u202etea\\u009b left"');
    expect(JSON.parse(stderr.slice('Error: '.length))).toEqual({
      code: 'OUT_OF_STOCK',
      message: 'no \u202etea\u009b left',
      stacktrace: expect.stringContaining('trigger.test.ts') as string,
    });
  });

  it.each([
    ['a stack trace of null', '{"code":"X","message":"m","stacktrace":null}', 'X', 'm'],
    [
      'the code of a lost connection',
      '{"code":"CONNECTION_LOST","message":"of a"}',
      'CONNECTION_LOST',
      'of a',
    ],
    ['the code of a timeout', '{"code":"TIMEOUT","message":"of a"}', 'TIMEOUT', 'of a'],
  ])('takes an error with %s for what it is', async (_, error, code, message) => {
    await answering(`"error":${error}`);
    const { status, stderr } = await run(['trigger', 'raw::f', '--url', url]);
    expect(status).toBe(1);
    expect(JSON.parse(stderr.slice('Error: '.length))).toEqual({ code, message, stacktrace: null });
  });

  it('looks in the namespace it is told to', async () => {
    const { status, stderr } = await run(['trigger', 'math::add', '-n', 'elsewhere', '--url', url]);
    expect(status).toBe(1);
    expect(stderr).toContain('function_not_found');
    expect(stderr).toContain('elsewhere');
  });

  it('gives up when no answer comes in time', async () => {
    const { status, stdout, stderr } = await run([
      'trigger',
      'test::silent',
      '--timeout-ms',
      '100',
      '--url',
      url,
    ]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /^Error: Timed out waiting for the engine \(no response within the timeout\)\. 127\.0\.0\.1:\d+ sent no answer within 100 ms\. .*--timeout-ms.*\n$/,
    );
  });

  it('waits without a limit when more is allowed than a timer can hold', async () => {
    const outcome = await run([
      'trigger',
      'math::add',
      'a=1',
      'b=2',
      '--timeout-ms',
      '99999999999',
      '--url',
      url,
    ]);
    expect(outcome).toMatchObject({ status: 0, stderr: '' });
  });

  it('is listed as iii-cli:trigger, and no longer when it is done', async () => {
    const { stdout } = await run(['trigger', 'test::who', '--url', url]);
    const { workers } = JSON.parse(stdout) as { workers: { name: string }[] };
    expect(workers.map(({ name }) => name)).toContain('iii-cli:trigger');
  });

  it('shows what commands a terminal as escapes on a terminal only', async () => {
    await answering('"result":"a\u009b\u202eb"');
    const args = ['trigger', 'raw::f', '--url', url];
    expect((await run(args)).stdout).toBe('"a\u009b\u202eb"\n');
    expect((await run(args, { isTerminal: TERMINAL })).stdout).toBe('"a\\u009b\\u202eb"\n');
  });

  it('prints large results whole', async () => {
    const text = 'x'.repeat(2_000_000);
    await answering(`"result":["${text}",1.0]`);
    const { stdout } = await run(['trigger', 'raw::f', '--url', url]);
    expect(stdout === `[\n  "${text}",\n  1.0\n]\n`).toBe(true);
  });
});

describe('what iii trigger cannot call', () => {
  it.each<[string, string[], string]>([
    ['no function', [], 'Error: iii trigger: missing FUNCTION_PATH. Name one, as in `iii trigger math::add'],
    ['a blank function', [' ', 'a=1'], 'Error: iii trigger: missing FUNCTION_PATH. '],
    ['a word that is no pair', ['f', 'tok'], 'Error: expected key=value, got `tok`. '],
    ['a pair without a key', ['f', '=x'], 'Error: payload key must not be empty: `=x`. '],
    ['a payload that is not JSON', ['f', '--json', '{'], 'Error: --json: invalid JSON `{`: '],
    [
      'pairs in an array',
      ['f', '--json', '[]', 'a=1'],
      'Error: --json must be an object when combined with kv pairs. ',
    ],
  ])('%s', async (_, args, expected) => {
    // Nothing listens there: an attempt to connect would be told of instead.
    const { status, stdout, stderr } = await run(['trigger', '--port', '1', ...args]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr.startsWith(expected)).toBe(true);
    expect(stderr.endsWith('\n')).toBe(true);
  });

  it.each<[string, string[]]>([
    ['an unknown option', ['f', '--function-id', 'x']],
    ['an old option', ['f', '--payload', '{}']],
    ['an option of the engine', ['-c', 'x.yaml', 'f']],
    ['the version of a command', ['-v']],
    ['an option without its value', ['f', '--json']],
    ['an option given twice', ['f', '--json', '1', '--json', '2']],
    ['a port that is none', ['f', '--port', '65536']],
    ['port 0', ['f', '--port', '0']],
    ['a port with a sign', ['f', '--port', '-1']],
    ['a timeout that is none', ['f', '--timeout-ms', 'soon']],
    ['a timeout of nothing', ['f', '--timeout-ms', '0']],
    ['an address with a scheme', ['f', '--address', 'ws://host']],
    ['an address with a port', ['f', '--address', 'host:1']],
    ['an empty address', ['f', '--address', '']],
    ['a URL of another scheme', ['f', '--url', 'http://host']],
    ['a URL with a fragment', ['f', '--url', 'ws://host#x']],
    ['a URL that is none', ['f', '--url', 'host']],
    ['a header without a value', ['f', '--header', 'authorization']],
    ['a header with a bad name', ['f', '--header', 'a b: c']],
    ['a header with a bad value', ['f', '--header', 'a: b\nc: d']],
    ['a blank namespace', ['f', '-n', ' ']],
  ])('with %s is not a command line', async (_, args) => {
    const { status, stdout, stderr } = await run(['trigger', ...args]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
    expect(stderr).toContain('\nUsage: iii trigger|t [options] [FUNCTION_PATH] [KV...]\n');
    expect(stderr).toContain('iii trigger --help');
  });

  it('what III_URL says is named when it is no address', async () => {
    const { status, stderr } = await run(['trigger', 'f'], { env: { III_URL: 'http://host' } });
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^Error: III_URL is `http:\/\/host`, which is not the URL of a WebSocket\. Set it to ws:/,
    );
  });
});
