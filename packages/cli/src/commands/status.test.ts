import type { IIIClient } from 'iii-sdk';
import { ManualClock, TestEngine } from 'iii-testing';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { closedPort, ForeignEngine, run, TERMINAL } from '../test-support.js';

interface Json {
  readonly address: string;
  readonly engine: Readonly<Record<string, unknown>>;
  readonly workers: ReadonlyArray<{ readonly name: string }> | null;
  readonly waiting: ReadonlyArray<Readonly<Record<string, unknown>>>;
}

describe('iii status', () => {
  let engine: TestEngine;
  let worker: IIIClient;
  let url: string;
  const status = (...args: string[]) => run(['status', '--url', url, ...args]);

  beforeAll(async () => {
    engine = new TestEngine();
    url = await engine.listen();
    worker = await engine.client('math');
    worker.registerFunction('math::add', ({ a, b }: { a: number; b: number }) => ({ c: a + b }));
    await worker.trigger({ function_id: 'math::add', payload: { a: 1, b: 2 } });
    await worker.trigger({ function_id: 'math::none' }).catch(() => {});
  });

  afterAll(() => engine.close());

  it('shows the engine and its workers on one screen', async () => {
    const { status: exit, stdout, stderr } = await status();
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
    const place = new URL(url).host;
    const [head, summary, table, rest] = stdout.split('\n\n');
    expect(head).toMatch(new RegExp(`^iii 0\\.0\\.0-test at ${place}, up \\d+s, driver (uws|node)$`));
    expect(summary?.split('\n')).toEqual(
      expect.arrayContaining([
        'Workers      0 connected, 3 in process',
        'Functions    1 (replicas shared)',
        'Triggers     0 live, 0 waiting (0 types served)',
        'Calls        0 running; 2 since the start, 1 failed',
      ]),
    );
    expect(
      table
        ?.trimEnd()
        .split('\n')
        .map((line) => line.split(' ')[0]),
    ).toEqual(['NAME', 'iii-engine-functions', 'iii-worker-manager', 'math']);
    expect(rest).toBeUndefined();
  });

  it('tells which triggers wait, for whom, and what to do', async () => {
    const waiting = [
      worker.registerTrigger({ type: 'cron', function_id: 'math::add', config: {} }),
      worker.registerTrigger({ type: 'constructor', function_id: 'math::add', config: {} }),
    ];
    await worker.trigger({ function_id: 'engine::workers::list' });
    expect((await status()).stdout).toMatch(
      /\n\nNeeds attention\n {2}1 trigger waits for a worker that serves ".*\n {2}1 trigger waits for a worker that serves ".*\n$/,
    );
    const { stdout } = await status('--json');
    const rows = (JSON.parse(stdout) as Json).waiting;
    const row = { id: expect.any(String) as string, function_id: 'math::add', namespace: 'default' };
    expect([...rows].sort((a, b) => (String(a.trigger_type) < String(b.trigger_type) ? -1 : 1))).toEqual([
      { ...row, trigger_type: 'constructor', reason: 'no_provider' },
      { ...row, trigger_type: 'cron', reason: 'no_provider', usual_provider: 'iii-cron' },
    ]);
    for (const trigger of waiting) trigger.unregister();
    await worker.trigger({ function_id: 'engine::workers::list' });
    expect((await status()).stdout).not.toContain('Needs attention');
  });

  it('prints one JSON object with everything the engine tells, and without itself', async () => {
    const { status: exit, stdout } = await status('--json');
    const json = JSON.parse(stdout) as Json;
    expect(exit).toBe(0);
    expect(Object.keys(json)).toEqual(['address', 'engine', 'workers', 'waiting']);
    expect(json.address).toBe(new URL(url).host);
    expect(json.engine).toMatchObject({
      version: '0.0.0-test',
      functions: 1,
      invocations: { in_flight: 0, total: 2, failed: 1 },
      workers: { connected: 1 },
      listeners: [{ address: new URL(url).host }],
    });
    expect(json.workers?.map(({ name }) => name)).toEqual([
      'iii-engine-functions',
      'iii-worker-manager',
      'math',
    ]);
    expect(json.waiting).toEqual([]);
  });

  it('uses emphasis on terminals only', async () => {
    const { stdout } = await run(['status', '--url', url], { isTerminal: TERMINAL });
    expect(stdout.startsWith('\u001b[1miii 0.0.0-test\u001b[22m at ')).toBe(true);
    expect((await status()).stdout).not.toContain('\u001b');
  });

  it.each([
    ['an unknown option', ['--watch']],
    ['a word too many', ['math']],
    ['a namespace, which it does not have', ['-n', 'default']],
  ])('with %s is not a command line', async (_, args) => {
    const { status: exit, stderr } = await status(...args);
    expect(exit).toBe(2);
    expect(stderr).toContain('\nUsage: iii status [options]\n');
  });

  it('has examples in its help', async () => {
    expect((await run(['help', 'status'])).stdout).toContain('\nExamples:\n  iii status\n');
  });
});

describe('iii status without an engine', () => {
  it('says where it looked and what to do, with status 1', async () => {
    const port = await closedPort();
    const outcome = await run(['status', '--address', '127.0.0.1', '--port', String(port)]);
    expect(outcome).toMatchObject({ status: 1, stdout: '' });
    expect(outcome.stderr).toBe(
      `Error: cannot reach an engine at 127.0.0.1:${port} (connection refused). Start an engine with \`iii\`, ` +
        'or say where one is with --address and --port, --url, or III_URL.\n',
    );
  });
});

describe('iii status with an engine of another make', () => {
  const engines: ForeignEngine[] = [];

  async function ask(answers: Readonly<Record<string, unknown>>, ...args: string[]) {
    const engine = await ForeignEngine.listen(answers);
    engines.push(engine);
    const target = ['--address', '127.0.0.1', '--port', String(engine.port)];
    const clock = new ManualClock(1_000_000);
    return { engine, ...(await run(['status', ...target, ...args], { clock })) };
  }

  afterEach(async () => {
    for (const engine of engines.splice(0)) await engine.close();
  });

  const inProcess = { name: 'iii-http', id: 'iii-http', runtime: 'engine', version: '0.22.1' };
  const math = { name: 'math', id: 'u1', namespace: 'default', runtime: 'node', connected_at_ms: 940_000 };
  const LISTINGS = {
    'engine::workers::list': {
      workers: [inProcess, { ...math, function_count: 1 }, { name: 'iii-cli:trigger', runtime: 'rust' }],
    },
    'engine::functions::list': { functions: [{ function_id: 'math::add' }, { function_id: 'math::sub' }] },
    'engine::registered-triggers::list': {
      registered_triggers: [{ id: 'T', trigger_type: 'http', function_id: 'math::add', config: {} }],
    },
    'engine::triggers::list': { triggers: [{ id: 'http' }, { id: 'engine::functions-available' }] },
  };

  it('shows what the listings tell', async () => {
    const { stdout, stderr, engine } = await ask(LISTINGS);
    expect(stderr).toBe('');
    expect(stdout).toBe(
      [
        `iii 0.22.1 at 127.0.0.1:${engine.port}`,
        '',
        'Workers      1 connected, 1 in process',
        'Functions    2',
        'Triggers     1 live, 0 waiting (1 type served)',
        '',
        'NAME      NAMESPACE  RUNTIME     FUNCTIONS  CALLS  CONNECTED FOR  ADDRESS',
        'iii-http             in process',
        'math      default    node                1                    1m',
        '',
      ].join('\n'),
    );
  });

  it('prints the same members as JSON', async () => {
    const { stdout } = await ask(LISTINGS, '--json');
    const { engine, workers } = JSON.parse(stdout) as Json;
    expect(engine).toEqual({
      version: '0.22.1',
      workers: { connected: 1, in_process: 1 },
      functions: 2,
      trigger_types: 1,
      triggers: { live: 1, pending: 0 },
    });
    expect(workers).toHaveLength(2);
  });

  it('does without listings it is refused', async () => {
    const { status, stdout, engine } = await ask({ 'engine::workers::list': { workers: [] } });
    expect(status).toBe(0);
    expect(stdout).toBe(
      `iii at 127.0.0.1:${engine.port}\n\nWorkers      0 connected, 0 in process\n\n` +
        'NAME  NAMESPACE  RUNTIME  FUNCTIONS  CALLS  CONNECTED FOR  ADDRESS\n',
    );
  });

  it('does without a listing of workers', async () => {
    const { stdout } = await ask({ 'engine::status': { version: '9', triggers: { pending: 0 } } });
    expect(stdout).toMatch(/^iii 9 at .*\n\nThe engine does not tell this command about its workers\.\n$/s);
    const { stdout: json } = await ask({ 'engine::status': {} }, '--json');
    expect(JSON.parse(json)).toMatchObject({ engine: {}, workers: null, waiting: [] });
  });

  it('says why when it is refused everything', async () => {
    const { status, stdout, stderr } = await ask({});
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(JSON.parse(stderr.slice('Error: '.length))).toMatchObject({
      code: 'function_not_found',
      message: 'Function engine::workers::list not found',
    });
  });

  it.each([
    null,
    1,
    'x',
    [],
    { workers: null, triggers: 3, registered_triggers: [null, 1, { status: 'pending' }] },
  ])('survives the answer %j to everything', async (answer) => {
    const ids = ['engine::status', ...Object.keys(LISTINGS)];
    const answers = Object.fromEntries(ids.map((id) => [id, answer]));
    const { status, stderr } = await ask(answers);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('lets nothing it is told command a terminal', async () => {
    const hostile = 'x\u001b]0;y\u0007\n\u202e';
    const workers = [{ name: hostile, id: 'u', namespace: hostile, runtime: hostile, ip_address: hostile }];
    const waiting = { status: 'pending', trigger_type: hostile, function_id: hostile };
    const { stdout } = await ask({
      'engine::status': { version: hostile, listeners: [{ driver: hostile }] },
      'engine::workers::list': { workers },
      'engine::registered-triggers::list': { registered_triggers: [waiting] },
    });
    expect(stdout).toContain('Needs attention');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Bidi_Control}]/u);
  });
});
