import { Type } from 'iii-protocol/schema';
import { TestEngine } from 'iii-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { closedPort, portOf, run, TERMINAL } from '../test-support.js';

const OPTIONS = '\n\nOptions:\n  --json <JSON>';

describe('iii trigger <function> --help', () => {
  let engine: TestEngine;
  let url: string;

  beforeAll(async () => {
    engine = new TestEngine();
    url = await engine.listen();
    const worker = await engine.client('shop');
    worker.registerFunction('shop::order', () => null, {
      description: 'Orders goods.',
      request_format: Type.Object({
        customer: Type.Object({ id: Type.String({ description: 'who orders' }) }),
        count: Type.Integer({ default: 1, description: 'how many' }),
        note: Type.Optional(Type.Union([Type.String(), Type.Null()])),
      }) as never,
    });
    worker.registerFunction('shop::plain', () => null);
    worker.registerFunction('shop::empty', () => null, { request_format: { type: 'object' } as never });
    worker.registerFunction('shop::evil', () => null, {
      description: 'safe\u001b[2J\u202etxt.exe\u2028\r\nOptions:\n  --fake',
      request_format: {
        type: 'object',
        required: ['a\u001b[31m\n'],
        properties: { 'a\u001b[31m\n': { type: 'str\u009bing', description: 'one\ntwo\u2066' } },
      } as never,
    });
    await worker.trigger({ function_id: 'engine::functions::info', payload: { function_id: 'shop::evil' } });
  });

  afterAll(() => engine.close());

  it('shows the id, the description, the usage, the parameters and the options', async () => {
    const { status, stdout, stderr } = await run(['trigger', 'shop::order', '--help', '--url', url]);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(
      stdout.startsWith(`shop::order

Orders goods.

Usage: iii trigger shop::order customer=<object> count=<integer> [KV...] [options]

Parameters:
  NAME         TYPE         REQUIRED  DESCRIPTION
  customer     object       yes
  customer.id  string       yes       who orders
  count        integer      yes       how many Default: 1.
  note         string|null  no${OPTIONS}`),
    ).toBe(true);
    expect(stdout).toMatch(/-h, --help .*\n$/);
  });

  it('says so when no schema is published', async () => {
    const { status, stdout } = await run(['trigger', '-h', 'shop::plain', '--url', url]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `shop::plain\n\nUsage: iii trigger shop::plain [KV...] [options]\n\nParameters:\n  (no request schema published)${OPTIONS}`,
    );
  });

  it('says so when the schema names no parameters', async () => {
    const { stdout } = await run(['trigger', 'shop::empty', '--help', '--url', url]);
    expect(stdout).toContain(`\nParameters:\n  (the request schema names no parameters)${OPTIONS}`);
  });

  it('does not look at the payload', async () => {
    expect((await run(['trigger', 'shop::plain', 'nonsense', '--help', '--url', url])).status).toBe(0);
  });

  it('shows functions of the engine', async () => {
    const { stdout } = await run(['trigger', 'engine::functions::info', '--help', '--url', url]);
    expect(stdout).toMatch(/\n {2}function_id +string\|null +no /);
  });

  it('shows nothing of other people that commands a terminal or passes for help', async () => {
    const { stdout } = await run(['trigger', 'shop::evil', '--help', '--url', url]);
    expect(stdout).not.toMatch(/(?!\n)[\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
    expect(stdout).toContain('\n\nsafe[2Jtxt.exe Options: --fake\n\n');
    expect(stdout).toMatch(/\n {2}a\[31m {2}string {2}yes {7}one two\n/);
    expect(stdout.match(/^Options:$/gm)).toHaveLength(1);
  });

  it('is emphasised on a terminal', async () => {
    const { stdout } = await run(['trigger', 'shop::plain', '--help', '--url', url], {
      isTerminal: TERMINAL,
    });
    expect(stdout).toContain('\u001b[1mshop::plain\u001b[22m\n');
    expect(stdout).toContain('\u001b[1mOptions:\u001b[22m\n');
  });

  it('of an unknown function ends with 1 and says where to look', async () => {
    const { status, stdout, stderr } = await run(['trigger', 'shop::gone\u001b[2J', '--help', '--url', url]);
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(
      /^Error: there is no function shop::gone\[2J \(.*\)\. `iii trigger engine::functions::list` /,
    );
  });

  it('looks in the namespace it is told to', async () => {
    const { status, stderr } = await run([
      'trigger',
      'shop::plain',
      '--help',
      '-n',
      'elsewhere',
      '--url',
      url,
    ]);
    expect(status).toBe(1);
    expect(stderr).toContain('there is no function shop::plain');
  });
});

describe('iii trigger <function> --help that cannot ask', () => {
  const STATIC = 'Usage: iii trigger|t [options] [FUNCTION_PATH] [KV...]\n';

  it('warns and shows what is known anyway when no engine is there', async () => {
    const port = await closedPort();
    const { status, stdout, stderr } = await run(['trigger', 'f', '--help', '--port', String(port)]);
    expect(status).toBe(0);
    expect(stdout.startsWith(STATIC)).toBe(true);
    expect(stderr).toMatch(
      /^Warning: the parameters of f are not known: cannot reach an engine at localhost:\d+ .*\n$/,
    );
  });

  it('warns when III_URL is no address', async () => {
    const { status, stdout, stderr } = await run(['trigger', 'f', '--help'], {
      env: { III_URL: 'nonsense' },
    });
    expect(status).toBe(0);
    expect(stdout.startsWith(STATIC)).toBe(true);
    expect(stderr).toMatch(/^Warning: .*III_URL is `nonsense`/);
  });

  it.each([
    [
      'an engine that has no such function',
      '"error":{"code":"function_not_found","message":"Function not found"}',
    ],
    ['an engine that forbids it', '"error":{"code":"FORBIDDEN","message":"no\\u001b[2J"}'],
  ])('warns of %s', async (_, outcome) => {
    const { url, close } = await oldEngine(outcome);
    const { status, stdout, stderr } = await run(['trigger', 'f', '--help', '--url', url]);
    await close();
    expect(status).toBe(0);
    expect(stdout.startsWith(STATIC)).toBe(true);
    expect(stderr).toMatch(/^Warning: the parameters of f are not known: \{ "code": .*\}\n$/);
  });

  it.each(['null', '"text"', '[]', '7', '{"description":7}'])('takes %s for an answer', async (json) => {
    const { url, close } = await oldEngine(`"result":${json}`);
    const { status, stdout } = await run(['trigger', 'f', '--help', '--url', url]);
    await close();
    expect(status).toBe(0);
    expect(stdout).toContain('(no request schema published)');
  });

  it('reads what older engines call request_format', async () => {
    const { url, close } = await oldEngine(
      '"result":{"request_format":{"properties":{"a":{"type":"number"}}}}',
    );
    const { stdout } = await run(['trigger', 'f', '--help', '--url', url]);
    await close();
    expect(stdout).toMatch(/\n {2}a +number +no\n/);
  });
});

/** Answers every call in this way. */
async function oldEngine(outcome: string): Promise<{ url: string; close(): Promise<void> }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await new Promise<void>((resolve) => server.once('listening', resolve));
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const { invocation_id } = JSON.parse(String(data)) as { invocation_id?: string };
      if (invocation_id === undefined) return;
      socket.send(`{"type":"invocationresult","invocation_id":"${invocation_id}",${outcome}}`);
    });
  });
  const address = server.address();
  return {
    url: `ws://127.0.0.1:${portOf(typeof address === 'string' ? null : address)}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
