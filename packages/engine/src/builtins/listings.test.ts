import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

type Row = Readonly<Record<string, unknown>>;

function rows(worker: TestWorker, id: string, input: object = {}): Row[] {
  const answer = worker.ask(id, input) as Record<string, Row[]>;
  const [list] = Object.values(answer);
  return list ?? [];
}

const listFunctions = (worker: TestWorker, input: object = {}) =>
  rows(worker, 'engine::functions::list', input).map((row) => row.function_id);

function setup() {
  const engine = new TestEngine();
  const math = engine.worker('math-worker', { description: 'adds', os: 'linux 6', isolation: 'none' });
  math
    .offer('math::add', {
      description: 'Adds numbers',
      request_format: { type: 'object' },
      metadata: { n: 1 },
    })
    .offer('math::hidden', { metadata: { internal: true } })
    .offer('engine::queue::enqueue');
  return { engine, math, asker: engine.worker('asker') };
}

describe('engine::functions::list', () => {
  it('tells id, namespace, worker, description and metadata', () => {
    const { asker } = setup();
    expect(rows(asker, 'engine::functions::list', { prefix: 'math::' })).toEqual([
      {
        function_id: 'math::add',
        namespace: 'default',
        worker_name: 'math-worker',
        description: 'Adds numbers',
        metadata: { n: 1 },
      },
    ]);
  });

  it('hides what is internal unless asked, except the queue’s functions', () => {
    const { asker } = setup();
    expect(listFunctions(asker)).toEqual(['engine::queue::enqueue', 'math::add']);
    const all = listFunctions(asker, { include_internal: true });
    expect(all).toContain('math::hidden');
    expect(all).toContain('engine::workers::register');
    expect(all).not.toContain('engine::trigger-types::list');
  });

  it.each([
    [{ search: 'ADD' }, ['math::add']],
    [{ search: 'numbers' }, ['math::add']],
    [{ search: '' }, ['engine::queue::enqueue', 'math::add']],
    [{ search: 'nothing like it' }, []],
    [{ prefix: 'engine' }, ['engine::queue::enqueue']],
    [{ worker: 'math-worker' }, ['engine::queue::enqueue', 'math::add']],
    [{ worker: 'other' }, []],
    [{ workers: ['other', 'math-worker'] }, ['engine::queue::enqueue', 'math::add']],
    [{ workers: [] }, ['engine::queue::enqueue', 'math::add']],
    [{ worker: 'math-worker', prefix: 'math', search: 'add' }, ['math::add']],
    [null, ['engine::queue::enqueue', 'math::add']],
    [{ search: null, workers: null, unknown: 1 }, ['engine::queue::enqueue', 'math::add']],
  ])('with %j lists %j', (input, expected) => {
    const { asker } = setup();
    const answer = asker.ask('engine::functions::list', input) as { functions: Row[] };
    expect(answer.functions.map((row) => row.function_id)).toEqual(expected);
  });

  it('ranks ids that start with the search, or have it as a segment, before others', () => {
    const { engine, asker } = setup();
    engine
      .worker('w')
      .offer('zz::sum')
      .offer('summary::make')
      .offer('a::consume-sums')
      .offer('b::x', { description: 'a sum' });
    expect(listFunctions(asker, { search: 'sum' })).toEqual([
      'summary::make',
      'zz::sum',
      'a::consume-sums',
      'b::x',
    ]);
  });

  it('lists a function of several replicas once, and of several namespaces once each', () => {
    const { engine, asker } = setup();
    engine.worker('replica').offer('math::add');
    engine.worker('shop', { namespace: 'shop' }).offer('math::add');
    expect(
      rows(asker, 'engine::functions::list', { prefix: 'math::add' }).map((row) => row.namespace),
    ).toEqual(['default', 'shop']);
    expect(listFunctions(asker, { worker: 'math-worker', prefix: 'math::add' })).toEqual(['math::add']);
  });

  it('names an unnamed worker by the first segment of the id', () => {
    const { engine, asker } = setup();
    engine.connect().offer('lonely::f').announce({});
    expect(rows(asker, 'engine::functions::list', { prefix: 'lonely' })[0]?.worker_name).toBe('lonely');
  });

  it('keeps numbers of metadata that JavaScript cannot hold', () => {
    const { engine, asker } = setup();
    engine
      .worker('w')
      .send('{"type":"registerfunction","id":"big","metadata":{"n":9007199254740993,"x":1.0}}');
    const texts: string[] = [];
    const { peer } = asker.session;
    peer.send = (frame) => {
      if (frame.type === 'invocationresult' && frame.result) texts.push(Buffer.from(frame.result).toString());
      return 'sent';
    };
    asker.call('engine::functions::list', { prefix: 'big' });
    expect(texts[0]).toContain('{"n":9007199254740993,"x":1.0}');
  });
});

describe('engine::functions::info', () => {
  it('describes one function with its schemas and live bindings', () => {
    const { engine, asker } = setup();
    engine
      .worker('provider')
      .send({ type: 'registertriggertype', id: 'webhook', description: '' })
      .send({
        type: 'registertrigger',
        id: 'T1',
        trigger_type: 'webhook',
        function_id: 'math::add',
        config: [1],
      })
      .send({
        type: 'registertrigger',
        id: 'T2',
        trigger_type: 'none',
        function_id: 'math::add',
        config: [1],
      });
    expect(asker.ask('engine::functions::info', { function_id: 'math::add' })).toEqual({
      function_id: 'math::add',
      namespace: 'default',
      worker_name: 'math-worker',
      description: 'Adds numbers',
      request_schema: { type: 'object' },
      metadata: { n: 1 },
      registered_triggers: [{ id: 'T1', trigger_type: 'webhook', config: [1] }],
    });
  });

  it('publishes the schemas of the engine’s own functions', () => {
    const { asker } = setup();
    expect(asker.ask('engine::functions::info', { function_id: 'engine::triggers::info' })).toMatchObject({
      worker_name: 'iii-engine-functions',
      request_schema: { title: 'TriggerTypeInfoInput', required: ['id'] },
      response_schema: { type: 'object' },
    });
  });

  it('answers a batch in order, without repeats, and marks what is missing', () => {
    const { asker } = setup();
    const answer = asker.ask('engine::functions::info', {
      function_ids: ['no::such', 'math::add', 'no::such'],
    });
    expect(answer).toMatchObject({
      functions: [{ function_id: 'no::such', error: 'not_found' }, { function_id: 'math::add' }],
    });
  });

  it('finds the only namespace that has it, and asks which when there are several', () => {
    const { engine, asker } = setup();
    engine.worker('a', { namespace: 'a' }).offer('only::a').offer('both');
    engine.worker('b', { namespace: 'b' }).offer('both');
    const info = (input: object) => asker.ask('engine::functions::info', input);
    expect(info({ function_id: 'only::a' })).toMatchObject({ namespace: 'a' });
    expect(info({ function_id: 'both' })).toEqual({
      error: { code: 'NOT_FOUND', message: expect.stringContaining('a, b') as string },
    });
    expect(info({ function_id: 'only::a', namespace: 'b' })).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });

  it.each([
    [{}, 'INVALID_ARGUMENTS'],
    [null, 'INVALID_ARGUMENTS'],
    [{ function_id: 'a', function_ids: ['a'] }, 'INVALID_ARGUMENTS'],
    [{ function_ids: [] }, 'INVALID_ARGUMENTS'],
    [{ function_ids: Array.from({ length: 33 }, (_, i) => `f${i}`) }, 'INVALID_ARGUMENTS'],
    [{ function_id: 'no::such' }, 'NOT_FOUND'],
    [{ function_id: 5 }, 'deserialization_error'],
    ['text', 'deserialization_error'],
  ])('%j is %s', (input, code) => {
    const { asker } = setup();
    expect(asker.ask('engine::functions::info', input)).toMatchObject({ error: { code } });
  });

  it('says which function, which member and what it must be, when the input is wrong', () => {
    const { asker } = setup();
    expect(asker.ask('engine::triggers::info', { id: 5 })).toEqual({
      error: {
        code: 'deserialization_error',
        message: 'Failed to deserialize input for engine::triggers::info: id: Expected string',
      },
    });
  });
});

describe('trigger types', () => {
  function withTypes() {
    const { engine, asker } = setup();
    engine
      .worker('hooks')
      .send({
        type: 'registertriggertype',
        id: 'webhook',
        description: 'calls on POST',
        trigger_request_format: { type: 'object' },
        call_request_format: { type: 'string' },
      })
      .send({ type: 'registertriggertype', id: 'alarm', description: 'rings' })
      .send({ type: 'registertrigger', id: 'T1', trigger_type: 'webhook', function_id: 'math::add' });
    return asker;
  }

  it('are listed without those of the engine, unless asked', () => {
    const asker = withTypes();
    expect(rows(asker, 'engine::triggers::list')).toEqual([
      { id: 'alarm', namespace: 'default', worker_name: 'hooks', description: 'rings' },
      { id: 'webhook', namespace: 'default', worker_name: 'hooks', description: 'calls on POST' },
    ]);
    const ids = (input: object) => rows(asker, 'engine::triggers::list', input).map((row) => row.id);
    expect(ids({ include_internal: true })).toContain('engine::workers-available');
    expect(ids({ search: 'post' })).toEqual(['webhook']);
    expect(ids({ prefix: 'al' })).toEqual(['alarm']);
    expect(ids({ worker: 'nobody' })).toEqual([]);
    expect(ids({ worker: 'iii-engine-functions', include_internal: true })).toHaveLength(2);
  });

  it('are described with their schemas and the number of bindings', () => {
    const asker = withTypes();
    expect(asker.ask('engine::triggers::info', { id: 'webhook' })).toEqual({
      id: 'webhook',
      namespace: 'default',
      worker_name: 'hooks',
      description: 'calls on POST',
      configuration_schema: { type: 'object' },
      request_schema: { type: 'string' },
      instance_count: 1,
    });
    expect(asker.ask('engine::triggers::info', { id: 'nothing' })).toMatchObject({
      error: { code: 'NOT_FOUND' },
    });
  });

  it('that are usual are attributed to their usual worker when the provider has no name', () => {
    const engine = new TestEngine();
    engine.connect().announce({}).send({ type: 'registertriggertype', id: 'http', description: '' });
    expect(rows(engine.worker('asker'), 'engine::triggers::list')[0]?.worker_name).toBe('iii-http');
  });
});

describe('bindings', () => {
  function withBindings() {
    const { engine, asker } = setup();
    engine
      .worker('hooks')
      .send({ type: 'registertriggertype', id: 'webhook', description: '' })
      .send({
        type: 'registertrigger',
        id: 'T1',
        trigger_type: 'webhook',
        function_id: 'math::add',
        config: { path: '/x', text: 'a b' },
        metadata: { m: 1 },
      })
      .send({
        type: 'registertrigger',
        id: 'T2',
        trigger_type: 'nobody',
        function_id: 'other::f',
        config: null,
      })
      .send({
        type: 'registertrigger',
        id: 'T0',
        trigger_type: 'webhook',
        function_id: 'engine::x',
        config: {},
      });
    return asker;
  }

  it('are listed when live, with a summary of the config', () => {
    const asker = withBindings();
    expect(rows(asker, 'engine::registered-triggers::list')).toEqual([
      {
        id: 'T1',
        trigger_type: 'webhook',
        function_id: 'math::add',
        namespace: 'default',
        worker_name: 'math-worker',
        status: 'live',
        config: { path: '/x', text: 'a b' },
        config_summary: '{"path":"/x","text":"a b"}',
      },
    ]);
    const ids = (input: object) =>
      rows(asker, 'engine::registered-triggers::list', input).map((row) => row.id);
    expect(ids({ include_pending: true })).toEqual(['T1', 'T2']);
    expect(ids({ include_internal: true })).toEqual(['T0', 'T1']);
    expect(ids({ trigger_type: 'nobody', include_pending: true })).toEqual(['T2']);
    expect(ids({ function_id: 'math::add' })).toEqual(['T1']);
    expect(ids({ worker: 'math-worker' })).toEqual(['T1']);
    expect(ids({ search: 'MATH' })).toEqual(['T1']);
  });

  it('cut a long config in their summary', () => {
    const { engine, asker } = setup();
    engine
      .worker('hooks')
      .send({ type: 'registertriggertype', id: 'webhook', description: '' })
      .send({
        type: 'registertrigger',
        id: 'T',
        trigger_type: 'webhook',
        function_id: 'f',
        config: 'é'.repeat(200),
      });
    const [row] = rows(asker, 'engine::registered-triggers::list');
    expect(row?.config_summary).toBe(`"${'é'.repeat(79)}…`);
  });

  it('are described with type and function, also while they wait', () => {
    const asker = withBindings();
    const info = (input: object) => asker.ask('engine::registered-triggers::info', input);
    expect(info({ id: 'T1' })).toMatchObject({
      status: 'live',
      metadata: { m: 1 },
      trigger: { id: 'webhook', instance_count: 2 },
      function: { function_id: 'math::add' },
    });
    expect(info({ id: 'T2' })).toMatchObject({ status: 'pending', trigger: null, function: null });
    expect(info({ id: 'T2', include_pending: false })).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(info({ id: 'none' })).toMatchObject({ error: { code: 'NOT_FOUND' } });
  });
});

describe('workers', () => {
  it('are listed when they told their process id, with nulls for what they did not tell', () => {
    const { engine, math, asker } = setup();
    engine.connect().announce({ name: 'browser', runtime: 'browser' });
    asker.call('math::hidden');
    const list = rows(asker, 'engine::workers::list');
    expect(list.map((row) => row.name)).toEqual(['asker', 'iii-engine-functions', 'math-worker']);
    expect(list[2]).toEqual({
      name: 'math-worker',
      description: 'adds',
      version: '0.22.1',
      id: math.id,
      namespace: 'default',
      runtime: 'node',
      os: 'linux 6',
      status: 'connected',
      function_count: 3,
      functions: ['engine::queue::enqueue', 'math::add', 'math::hidden'],
      connected_at_ms: engine.clock.now(),
      active_invocations: 1,
      isolation: 'none',
      ip_address: '10.0.0.7',
    });
    expect(list[0]).toMatchObject({ description: null, os: null, isolation: null, active_invocations: 1 });
    expect(rows(asker, 'engine::workers::list', { include_all: true }).map((row) => row.name)).toContain(
      'browser',
    );
  });

  it('of the engine process are listed as such', () => {
    const { engine, asker } = setup();
    engine.connect({ name: 'iii-http', instance: 'iii-http#1', version: '9' }).offer('iii-http::x');
    const list = rows(asker, 'engine::workers::list', { runtime: 'engine' });
    expect(list.map((row) => row.id)).toEqual(['iii-engine-functions', 'iii-http#1']);
    expect(list[1]).toEqual({
      name: 'iii-http',
      description: null,
      version: '9',
      id: 'iii-http#1',
      namespace: 'default',
      runtime: 'engine',
      os: null,
      status: 'available',
      function_count: 1,
      functions: ['iii-http::x'],
      connected_at_ms: engine.clock.now(),
      active_invocations: 0,
      isolation: 'in-process',
      ip_address: null,
    });
  });

  it('are filtered by name, runtime and status', () => {
    const { asker } = setup();
    const names = (input: object) => rows(asker, 'engine::workers::list', input).map((row) => row.name);
    expect(names({ search: 'MATH' })).toEqual(['math-worker']);
    expect(names({ runtime: 'python' })).toEqual([]);
    expect(names({ status: 'connected' })).toEqual(['asker', 'math-worker']);
  });

  it('are described with what they offer', () => {
    const { engine, math, asker } = setup();
    math.send({ type: 'registertriggertype', id: 'webhook', description: 'd' });
    engine.worker('owner').send({
      type: 'registertrigger',
      id: 'T1',
      trigger_type: 'webhook',
      function_id: 'math::add',
      config: 1,
    });
    expect(asker.ask('engine::workers::info', { name: 'math-worker' })).toMatchObject({
      worker: { name: 'math-worker', id: math.id, pid: 1, internal: false },
      functions: [
        { function_id: 'engine::queue::enqueue' },
        { function_id: 'math::add' },
        { function_id: 'math::hidden' },
      ],
      trigger_types: [{ id: 'webhook' }],
      registered_triggers: [{ id: 'T1' }],
    });
  });

  it('of the engine itself are described by name', () => {
    const { asker } = setup();
    const info = asker.ask('engine::workers::info', { name: 'iii-engine-functions' }) as Record<
      string,
      Row[]
    >;
    expect(info.worker).toMatchObject({ internal: true, version: '1.2.3' });
    expect(info.functions?.map((row) => row.function_id)).toContain('engine::functions::list');
    expect(info.trigger_types?.map((row) => row.id)).toEqual([
      'engine::functions-available',
      'engine::workers-available',
    ]);
  });

  it('without a process id are found by name, and others are not', () => {
    const { engine, asker } = setup();
    engine.connect().announce({ name: 'browser', namespace: 'web' });
    const info = (input: object) => asker.ask('engine::workers::info', input);
    expect(info({ name: 'browser' })).toMatchObject({ worker: { namespace: 'web' } });
    expect(info({ name: 'browser', namespace: 'default' })).toEqual({
      error: { code: 'NOT_FOUND', message: 'worker browser not found in namespace default. It is in web.' },
    });
    expect(info({ name: 'nobody' })).toMatchObject({ error: { code: 'NOT_FOUND' } });
    expect(info({ name: '' })).toMatchObject({ error: { code: 'INVALID_ARGUMENTS' } });
  });
});
