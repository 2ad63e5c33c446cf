import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

function functionIds(worker: TestWorker): string[] {
  const { functions } = worker.ask('engine::functions::list') as {
    functions: Array<{ function_id: string }>;
  };
  return functions.map((f) => f.function_id);
}

function namespaceOf(engine: TestEngine, id: string): string[] {
  return engine.core.functions.namespacesOf(id);
}

describe('a new connection', () => {
  it('is greeted first, with an id and a secret', () => {
    const { inbox } = new TestEngine().connect();
    expect(inbox).toEqual([
      {
        type: 'workerregistered',
        worker_id: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        reattach_token: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
        extensions: ['cancel', 'parts', 'batch'],
      },
    ]);
  });

  it('offers its functions once it has announced itself, in the namespace it declared', () => {
    const engine = new TestEngine();
    const worker = engine.connect().offer('a::b').offer('a::c');
    worker.send({ type: 'unregisterfunction', id: 'a::c' });
    expect(namespaceOf(engine, 'a::b')).toEqual([]);
    worker.announce({ name: 'w', namespace: 'shop' });
    expect(namespaceOf(engine, 'a::b')).toEqual(['shop']);
    expect(namespaceOf(engine, 'a::c')).toEqual([]);
  });

  it('goes to the default namespace when it stays silent, and keeps it when it then names another', () => {
    const engine = new TestEngine();
    const worker = engine.connect().offer('a::b');
    engine.clock.advance(4_999);
    expect(namespaceOf(engine, 'a::b')).toEqual([]);
    engine.clock.advance(1);
    expect(namespaceOf(engine, 'a::b')).toEqual(['default']);
    expect(engine.warnings()).toEqual([expect.stringContaining('did not announce itself in time')]);
    worker.announce({ namespace: 'shop' }).offer('a::c');
    expect(namespaceOf(engine, 'a::c')).toEqual(['default']);
    expect(engine.warnings()).toEqual([
      expect.any(String),
      expect.stringContaining('declared another namespace'),
    ]);
  });

  it('that was cut off before it announced itself is found out soon after its registrations count', async () => {
    const engine = new TestEngine({ registrationGraceMs: 5_000, probeMs: 2_000, livenessMs: 45_000 });
    const [silent, alive] = [engine.connect(), engine.connect()];
    for (const worker of [silent, alive]) worker.offer('a::b');
    await engine.clock.advanceAsync(5_000);
    expect([silent.pings, alive.pings]).toEqual([1, 1]);
    alive.pong();
    await engine.clock.advanceAsync(2_000);
    expect([silent.closed?.code, alive.closed]).toEqual([1006, undefined]);
    const caller = engine.worker('caller');
    caller.call('a::b');
    expect(alive.got('invokefunction')).toHaveLength(1);
  });

  it('is waited for as long as the deployment says', () => {
    const engine = new TestEngine({ registrationGraceMs: 50 });
    engine.connect().offer('a::b');
    engine.clock.advance(50);
    expect(namespaceOf(engine, 'a::b')).toEqual(['default']);
  });

  it('leaves no timer behind once announced but the one that watches over it, and none once gone', () => {
    const engine = new TestEngine();
    const worker = engine.worker('w');
    engine.connect().disconnect();
    engine.clock.advance(250);
    expect(engine.clock.pending).toBe(1);
    worker.disconnect();
    expect(engine.clock.pending).toBe(0);
  });

  it('may call its own function before it counts: the call waits for it', () => {
    const engine = new TestEngine();
    const worker = engine.connect().offer('own::f');
    const id = worker.call('own::f', { n: 1 });
    expect(worker.answer(id)).toBeUndefined();
    worker.announce({ name: 'w' });
    expect(worker.got('invokefunction')[0]?.data).toMatchObject({ n: 1 });
  });

  it('does not wait for functions somebody offers already, nor for functions nobody offers', () => {
    const engine = new TestEngine();
    const provider = engine.worker('provider').offer('f');
    const worker = engine.connect().offer('f');
    worker.call('f');
    expect(provider.got('invokefunction')).toHaveLength(1);
    expect(worker.answer(worker.call('none'))?.error).toMatchObject({ code: 'function_not_found' });
  });

  it('is dropped when it floods the engine before it announces itself', () => {
    const engine = new TestEngine({ maxHeldFrames: 5 });
    const worker = engine.connect();
    for (let i = 0; i < 6; i++) worker.offer(`f${i}`);
    expect(worker.closed).toEqual({ code: 1013, reason: expect.any(String) as string });
    expect(engine.core.sessions.size).toBe(0);
  });
});

describe('an announcement', () => {
  it('may be blank in no namespace, and the connection then still waits', () => {
    const engine = new TestEngine();
    const worker = engine.connect().offer('f');
    const id = worker.call('engine::workers::register', { namespace: '  ' });
    expect(worker.answer(id)?.error).toMatchObject({ code: 'INVALID_NAMESPACE' });
    expect(namespaceOf(engine, 'f')).toEqual([]);
    worker.announce();
    expect(namespaceOf(engine, 'f')).toEqual(['default']);
  });

  it('answers when asked to', () => {
    const worker = new TestEngine().connect();
    expect(worker.ask('engine::workers::register', { name: 'w' })).toEqual({ success: true });
  });

  it('is cleaned of what disturbs terminals, and cut to length', () => {
    const engine = new TestEngine();
    const worker = engine.worker(' \u202eev\u0007il\u2028 ', { description: 'd'.repeat(400) });
    expect(worker.session.name).toBe('evil');
    expect(worker.session.info.description).toHaveLength(280);
  });

  it('keeps what the next one does not repeat, except runtime and version', () => {
    const engine = new TestEngine();
    const worker = engine.worker('w', { os: 'linux', description: 'd' });
    worker.announce({});
    expect(worker.session.info).toEqual({
      name: 'w',
      os: 'linux',
      description: 'd',
      pid: 1,
      runtime: 'unknown',
    });
  });

  it('may repeat a name: replicas share it', () => {
    const engine = new TestEngine();
    const [a, b] = [engine.worker('same').offer('f'), engine.worker('same').offer('f')];
    expect([a.closed, b.closed]).toEqual([undefined, undefined]);
    expect(engine.core.functions.find('default', 'f')?.providers).toHaveLength(2);
  });
});

describe('the end of a connection', () => {
  it('leaves nothing of it in any table', () => {
    const engine = new TestEngine();
    const other = engine.worker('other').offer('x');
    const worker = engine.worker('w').offer('f');
    worker.send({ type: 'registertriggertype', id: 'tt', description: '' });
    worker.send({ type: 'registertrigger', id: 'T', trigger_type: 'tt', function_id: 'f', config: {} });
    worker.call('x');
    other.call('f');
    worker.disconnect();
    worker.disconnect();
    const { core } = engine;
    expect(core.sessions.get(worker.id)).toBeUndefined();
    expect(core.functions.find('default', 'f')).toBeUndefined();
    expect(core.triggers.placement.types.find('default', 'tt')).toBeUndefined();
    expect(core.triggers.bindings.get('T')).toBeUndefined();
    expect(other.got('invocationresult')).toHaveLength(1);
    other.respond(other.got('invokefunction')[0]);
    expect(core.router.inFlight.size).toBe(0);
    expect(worker.session.phase).toBe('ended');
  });

  it('makes later frames of it meaningless', () => {
    const engine = new TestEngine();
    const worker = engine.worker('w');
    worker.disconnect();
    worker.offer('late');
    expect(namespaceOf(engine, 'late')).toEqual([]);
  });
});

describe('reattaching', () => {
  function reconnect(engine: TestEngine, before: TestWorker, token: unknown): TestWorker {
    return engine
      .connect()
      .send({ type: 'reattach', previous_worker_id: before.id, reattach_token: token })
      .offer('f')
      .announce({ name: 'w' });
  }

  it('cleans the previous connection up before the replay counts', () => {
    const engine = new TestEngine();
    const before = engine.worker('w').offer('f');
    const caller = engine.worker('caller');
    const id = caller.call('f');
    const after = reconnect(engine, before, before.token);
    expect(before.closed).toEqual({ code: 1006, reason: '' });
    expect(caller.answer(id)?.error).toMatchObject({ code: 'invocation_stopped' });
    const providers = engine.core.functions.find('default', 'f')?.providers ?? [];
    expect(providers.map((p) => p.kind === 'session' && p.session.id)).toEqual([after.id]);
    before.respond(before.got('invokefunction')[0], { result: 'late' });
    expect(caller.got('invocationresult')).toHaveLength(1);
  });

  it.each(['wrong', '', undefined, null])('is refused with the token %j', (token) => {
    const engine = new TestEngine();
    const before = engine.worker('w').offer('f');
    reconnect(engine, before, token);
    expect(before.closed).toBeUndefined();
    expect(engine.core.functions.find('default', 'f')?.providers).toHaveLength(2);
  });

  it('is ignored for unknown, garbled and own ids', () => {
    const engine = new TestEngine();
    const worker = engine.worker('w');
    for (const previous of [engine.uuid(), 'garbage', worker.id]) {
      worker.send({ type: 'reattach', previous_worker_id: previous, reattach_token: worker.token });
    }
    expect(worker.closed).toBeUndefined();
    expect(engine.core.sessions.size).toBe(1);
  });

  it('takes the id in any spelling of a UUID', () => {
    const engine = new TestEngine();
    const before = engine.worker('w');
    engine.connect().send({
      type: 'reattach',
      previous_worker_id: `{${before.id.toUpperCase()}}`,
      reattach_token: before.token,
    });
    expect(before.closed).toBeDefined();
  });
});

describe('functions of the engine process', () => {
  const inside = { name: 'iii-state', instance: 'iii-state', version: '1' };

  it('cannot be taken over by a worker outside', () => {
    const engine = new TestEngine();
    engine.connect(inside).offer('state::get');
    const intruder = engine.worker('intruder').offer('state::get').offer('engine::functions::list');
    expect(intruder.got('registrationrejected')).toEqual(
      ['state::get', 'engine::functions::list'].map((function_id) => ({
        type: 'registrationrejected',
        code: 'FUNCTION_NAMESPACE_CONFLICT',
        namespace: 'default',
        function_id,
        owner_worker_id: '',
      })),
    );
    expect(intruder.closed).toBeUndefined();
    expect(functionIds(intruder)).toEqual(['state::get']);
  });

  it('displace a worker outside that was there first', () => {
    const engine = new TestEngine();
    const first = engine.worker('first').offer('state::get').offer('own');
    const caller = engine.worker('caller');
    const worker = engine.connect(inside).offer('state::get');
    expect(first.got('registrationrejected')).toHaveLength(1);
    caller.call('state::get');
    expect(worker.got('invokefunction')).toHaveLength(1);
    first.disconnect();
    expect(functionIds(caller)).toEqual(['state::get']);
  });

  it('may be shared by several instances of one worker', () => {
    const engine = new TestEngine();
    engine.connect(inside).offer('state::get');
    engine.connect({ ...inside, instance: 'iii-state#1' }).offer('state::get');
    expect(engine.core.functions.find('default', 'state::get')?.providers).toHaveLength(2);
  });
});

describe('refused functions', () => {
  it('are those with a reserved id outside the default namespace', () => {
    const engine = new TestEngine();
    const worker = engine.worker('w', { namespace: 'shop' }).offer('engine::x');
    expect(worker.got('registrationrejected')).toMatchObject([{ namespace: 'shop', owner_worker_id: '' }]);
    engine.worker('queue').offer('engine::queue::enqueue');
    expect(namespaceOf(engine, 'engine::queue::enqueue')).toEqual(['default']);
  });

  it('are those called over HTTP, which this engine does not do', () => {
    const worker = new TestEngine().worker('w').offer('ext', { invocation: { url: 'http://x' } });
    expect(worker.got('registrationrejected')).toMatchObject([
      { code: 'FUNCTION_NAMESPACE_CONFLICT', function_id: 'ext' },
    ]);
  });

  it('do not include a function offered twice by one worker: the second describes it anew', () => {
    const engine = new TestEngine();
    const worker = engine.worker('w').offer('f', { description: 'old' }).offer('f', { description: 'new' });
    expect(engine.core.functions.find('default', 'f')?.providers).toHaveLength(1);
    expect(worker.ask('engine::functions::info', { function_id: 'f' })).toMatchObject({ description: 'new' });
  });
});
