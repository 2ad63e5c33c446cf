import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

function provide(worker: TestWorker, id = 'webhook', more: object = {}): TestWorker {
  return worker.send({ type: 'registertriggertype', id, description: 'd', ...more });
}

function bind(worker: TestWorker, id: string, more: object = {}): TestWorker {
  return worker.send({
    type: 'registertrigger',
    id,
    trigger_type: 'webhook',
    function_id: 'a::h',
    config: { p: 1 },
    ...more,
  });
}

/** Ids of the bindings a worker was given, in order. */
function given(worker: TestWorker): unknown[] {
  return worker.got('registertrigger').map(({ id }) => id);
}

function released(worker: TestWorker): unknown[] {
  return worker.got('unregistertrigger').map(({ id }) => id);
}

function status(engine: TestEngine, id: string): string | undefined {
  const state = engine.core.triggers.bindings.get(id)?.state;
  return state?.status === 'parked' ? `parked: ${state.reason}` : state?.status;
}

function setup() {
  const engine = new TestEngine();
  return { engine, provider: engine.worker('provider'), owner: engine.worker('owner') };
}

describe('a binding', () => {
  it('goes to the provider of its type as it is, and is live without waiting for an answer', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1', { metadata: { m: 1 } });
    expect(provider.got('registertrigger')).toEqual([
      {
        type: 'registertrigger',
        id: 'T1',
        trigger_type: 'webhook',
        function_id: 'a::h',
        config: { p: 1 },
        metadata: { m: 1 },
      },
    ]);
    expect(status(engine, 'T1')).toBe('live');
    expect(owner.got('triggerregistrationresult')).toEqual([]);
  });

  it('names the target namespace towards the provider, unless it is the default', () => {
    const { provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1', { namespace: 'shop' });
    bind(owner, 'T2', { namespace: 'default' });
    expect(provider.got('registertrigger').map(({ namespace }) => namespace)).toEqual(['shop', undefined]);
  });

  it('waits silently for a type nobody serves, with advice in the log', () => {
    const { engine, provider, owner } = setup();
    bind(owner, 'T1', { trigger_type: 'http' });
    expect(owner.got('triggerregistrationresult')).toEqual([]);
    expect(status(engine, 'T1')).toBe('parked: no_provider');
    expect(engine.warnings().at(-1)).toBe(
      'a trigger waits for a worker that serves "http". The usual one is iii-http: add it to config.yaml or start it.',
    );
    provide(provider, 'http');
    expect(given(provider)).toEqual(['T1']);
    expect(status(engine, 'T1')).toBe('live');
  });

  it('carries null where its config is missing, as official clients send it', () => {
    const { provider, owner } = setup();
    provide(provider);
    owner.send({ type: 'registertrigger', id: 'T1', trigger_type: 'webhook', function_id: 'f' });
    expect(provider.got('registertrigger')[0]).toMatchObject({ config: null });
  });

  it('is replaced by its owner: the same type is told again, another type is left first', () => {
    const { engine, provider, owner } = setup();
    const other = provide(engine.worker('other'), 'cronish');
    provide(provider);
    bind(owner, 'T1');
    bind(owner, 'T1', { config: { p: 2 } });
    expect(provider.got('registertrigger').map(({ config }) => config)).toEqual([{ p: 1 }, { p: 2 }]);
    expect(released(provider)).toEqual([]);
    bind(owner, 'T1', { trigger_type: 'cronish' });
    expect([released(provider), given(other)]).toEqual([['T1'], ['T1']]);
    bind(owner, 'T1', { trigger_type: 'nobody' });
    expect(released(other)).toEqual(['T1']);
    expect(status(engine, 'T1')).toBe('parked: no_provider');
    expect(owner.session.bindings.size).toBe(1);
  });

  it('is refused when its namespace is blank, by name of the field', () => {
    const { engine, owner } = setup();
    bind(owner, 'T1', { namespace: ' ' });
    bind(owner, 'T2', { trigger_namespace: '' });
    expect(owner.got('triggerregistrationresult')).toMatchObject([
      {
        id: 'T1',
        error: { code: 'INVALID_NAMESPACE', message: expect.stringMatching(/^namespace /) as string },
      },
      {
        id: 'T2',
        error: { code: 'INVALID_NAMESPACE', message: expect.stringMatching(/^trigger_namespace /) as string },
      },
    ]);
    expect(engine.core.triggers.bindings.get('T1')).toBeUndefined();
  });

  it('is parked when the connection of its provider is closing', () => {
    const { engine, provider, owner } = setup();
    provide(provider).delivery = 'closed';
    bind(owner, 'T1');
    expect(status(engine, 'T1')).toBe('parked: no_provider');
    expect(owner.got('triggerregistrationresult')).toEqual([]);
  });
});

describe('ownership', () => {
  it('of an id belongs to whoever bound it first', () => {
    const { engine, provider, owner } = setup();
    const other = engine.worker('other');
    provide(provider);
    bind(owner, 'T1');
    bind(other, 'T1', { function_id: 'other::f' });
    expect(other.got('triggerregistrationresult')).toEqual([
      {
        type: 'triggerregistrationresult',
        id: 'T1',
        trigger_type: 'webhook',
        function_id: 'other::f',
        error: { code: 'trigger_id_conflict', message: expect.stringContaining('taken by owner') as string },
      },
    ]);
    expect(given(provider)).toEqual(['T1']);
  });

  it('is shared by replicas that bind the very same thing, until the last of them leaves', () => {
    const { engine, provider, owner } = setup();
    const replica = engine.worker('owner');
    provide(provider);
    bind(owner, 'T1');
    bind(replica, 'T1');
    expect(given(provider)).toEqual(['T1']);
    owner.disconnect();
    expect([status(engine, 'T1'), released(provider)]).toEqual(['live', []]);
    replica.send({ type: 'unregistertrigger', id: 'T1' });
    expect([status(engine, 'T1'), released(provider)]).toEqual([undefined, ['T1']]);
  });

  it('is needed to unregister', () => {
    const { engine, provider, owner } = setup();
    const other = engine.worker('other');
    provide(provider);
    bind(owner, 'T1');
    other.send({ type: 'unregistertrigger', id: 'T1', trigger_type: 'webhook' });
    expect(other.ask('engine::unregister_trigger', { id: 'T1' })).toMatchObject({
      error: { code: 'FORBIDDEN' },
    });
    expect([status(engine, 'T1'), released(provider)]).toEqual(['live', []]);
    owner.send({ type: 'unregistertrigger', id: 'T1', trigger_type: 'anything' });
    expect(provider.got('unregistertrigger')).toEqual([
      { type: 'unregistertrigger', id: 'T1', trigger_type: 'webhook' },
    ]);
    expect(status(engine, 'T1')).toBeUndefined();
    owner.send({ type: 'unregistertrigger', id: 'T1' }).send({ type: 'unregistertrigger', id: 'never' });
    expect(released(provider)).toEqual(['T1']);
  });

  it('ends with the connection: live bindings are released, waiting ones forgotten', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    bind(owner, 'T2', { trigger_type: 'nobody' });
    owner.disconnect();
    expect(released(provider)).toEqual(['T1']);
    expect([status(engine, 'T1'), status(engine, 'T2')]).toEqual([undefined, undefined]);
    provide(provider, 'nobody');
    expect(given(provider)).toEqual(['T1']);
  });
});

describe('a provider that leaves', () => {
  it.each([
    ['by disconnecting', (provider: TestWorker) => provider.disconnect()],
    [
      'by unregistering the type',
      (provider: TestWorker) =>
        provider.send({ type: 'unregistertriggertype', id: 'webhook', description: 'd' }),
    ],
  ])('%s leaves its bindings waiting, and the next one gets them under the same ids', (_, leave) => {
    const { engine, provider, owner } = setup();
    provide(provider);
    for (const id of ['T1', 'T2']) bind(owner, id);
    leave(provider);
    expect([status(engine, 'T1'), status(engine, 'T2')]).toEqual([
      'parked: no_provider',
      'parked: no_provider',
    ]);
    expect(released(provider)).toEqual([]);
    expect(owner.got('triggerregistrationresult')).toEqual([]);
    const next = provide(engine.worker('next'));
    expect(given(next)).toEqual(['T1', 'T2']);
    owner.disconnect();
    expect(released(next)).toEqual(['T1', 'T2']);
  });

  it('does not matter when another has taken the type over', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    const next = provide(engine.worker('next'));
    expect(given(next)).toEqual(['T1']);
    provider.disconnect();
    expect(status(engine, 'T1')).toBe('live');
    bind(owner, 'T2');
    expect(given(next)).toEqual(['T1', 'T2']);
  });

  it('gives the type back to the one it took it from, if that is still there', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    const next = provide(engine.worker('next'));
    bind(owner, 'T2');
    next.disconnect();
    expect(given(provider)).toEqual(['T1', 'T1', 'T2']);
    expect([status(engine, 'T1'), status(engine, 'T2')]).toEqual(['live', 'live']);
  });

  it('that stands by gets what the one before it could not be told of, or refused', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    const usurper = provide(engine.worker('usurper'));
    bind(owner, 'T1');
    usurper.send({
      type: 'triggerregistrationresult',
      id: 'T1',
      trigger_type: 'webhook',
      function_id: 'a::h',
      error: { code: 'trigger_registration_failed', message: 'no' },
    });
    usurper.delivery = 'closed';
    bind(owner, 'T2');
    expect([status(engine, 'T1'), status(engine, 'T2')]).toEqual(['parked: rejected', 'parked: no_provider']);
    usurper.disconnect();
    expect(given(provider)).toEqual(['T1', 'T2']);
    expect([status(engine, 'T1'), status(engine, 'T2')]).toEqual(['live', 'live']);
  });

  it('standing by hears of a release while the one that has the type is unreachable', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    const usurper = engine.worker('usurper');
    usurper.delivery = 'closed';
    provide(usurper);
    expect(status(engine, 'T1')).toBe('parked: no_provider');
    owner.disconnect();
    expect(released(provider)).toEqual(['T1']);
  });

  it('that refused a binding does not hear of its release', () => {
    const { provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    provider.send({
      type: 'triggerregistrationresult',
      id: 'T1',
      trigger_type: 'webhook',
      function_id: 'a::h',
      error: { code: 'trigger_registration_failed', message: 'no' },
    });
    owner.disconnect();
    expect(released(provider)).toEqual([]);
  });

  it('standing by hears of the release of what it was given before', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    const next = provide(engine.worker('next'));
    bind(owner, 'T2');
    bind(owner, 'T1', { config: { p: 2 } });
    for (const id of ['T1', 'T2']) owner.send({ type: 'unregistertrigger', id });
    expect([released(provider), released(next)]).toEqual([['T1'], ['T1', 'T2']]);
  });

  it('is not remembered by the bindings it served', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    provide(engine.worker('next'));
    provider.disconnect();
    const binding = engine.core.triggers.bindings.get('T1');
    expect(binding?.holders.map((session) => session.label)).toEqual(['next']);
  });

  it('may serve its own bindings and take them with it', () => {
    const { engine, provider } = setup();
    provide(provider);
    bind(provider, 'T1');
    provider.disconnect();
    expect(status(engine, 'T1')).toBeUndefined();
  });

  it('cannot unregister the type of another', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    engine.worker('other').send({ type: 'unregistertriggertype', id: 'webhook' });
    expect(status(engine, 'T1')).toBe('live');
  });
});

describe('the answer of a provider', () => {
  const ack = (id: string, more: object = {}) => ({
    type: 'triggerregistrationresult',
    id,
    trigger_type: 'webhook',
    function_id: 'a::h',
    ...more,
  });
  const error = { code: 'trigger_registration_failed', message: 'bad path' };

  it('is silent when it agrees', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    provider.send(ack('T1'));
    expect([status(engine, 'T1'), owner.got('triggerregistrationresult')]).toEqual(['live', []]);
  });

  it('goes to the originator when it refuses, and the binding waits for the next provider', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    provider.send(ack('T1', { function_id: 'something else', error }));
    expect(owner.got('triggerregistrationresult')).toEqual([ack('T1', { error })]);
    expect(status(engine, 'T1')).toBe('parked: rejected');
    provide(provider);
    expect(given(provider)).toEqual(['T1', 'T1']);
  });

  it('counts only from the worker that serves the binding', () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    bind(owner, 'T1');
    engine.worker('liar').send(ack('T1', { error }));
    provider.send(ack('unknown', { error }));
    expect([status(engine, 'T1'), owner.got('triggerregistrationresult')]).toEqual(['live', []]);
  });
});

describe('namespaces of providers', () => {
  it('are looked for at home first, then in the default', () => {
    const engine = new TestEngine();
    const fallback = provide(engine.worker('fallback'));
    const home = provide(engine.worker('home', { namespace: 'shop' }));
    const owner = engine.worker('owner', { namespace: 'shop' });
    bind(owner, 'T1');
    bind(owner, 'T2', { trigger_namespace: 'default' });
    expect([given(home), given(fallback)]).toEqual([['T1'], ['T2']]);
    expect(home.got('registertrigger')[0]).toMatchObject({ trigger_namespace: 'shop' });
    expect(fallback.got('registertrigger')[0]?.trigger_namespace).toBeUndefined();
  });

  it('that are named are waited for, whatever else there is', () => {
    const engine = new TestEngine();
    provide(engine.worker('fallback'));
    const owner = engine.worker('owner');
    bind(owner, 'T1', { trigger_namespace: 'shop' });
    expect(status(engine, 'T1')).toBe('parked: no_provider');
    const there = provide(engine.worker('there', { namespace: 'shop' }));
    expect(given(there)).toEqual(['T1']);
  });

  it('a home provider that appears takes its bindings, and hands them back when it leaves', () => {
    const engine = new TestEngine();
    const fallback = provide(engine.worker('fallback'));
    const owner = engine.worker('owner', { namespace: 'shop' });
    bind(owner, 'moves');
    bind(owner, 'stays', { trigger_namespace: 'default' });
    const home = provide(engine.worker('home', { namespace: 'shop' }));
    expect([given(home), released(fallback)]).toEqual([['moves'], ['moves']]);
    home.disconnect();
    expect(given(fallback)).toEqual(['moves', 'stays', 'moves']);
    expect(status(engine, 'moves')).toBe('live');
  });

  it('may be declared per type, but not blank', () => {
    const engine = new TestEngine();
    const provider = engine.worker('provider');
    provide(provider, 'webhook', { namespace: 'shop' });
    provide(provider, 'webhook', { namespace: ' ' });
    expect(
      [...engine.core.triggers.placement.types.entries()].map((t) => `${t.namespace}/${t.id}`),
    ).toContain('shop/webhook');
    expect(engine.warnings()).toEqual([expect.stringContaining('blank namespace')]);
    provider.send({ type: 'unregistertriggertype', id: 'webhook', namespace: 'shop' });
    expect(engine.core.triggers.placement.types.find('shop', 'webhook')).toBeUndefined();
  });
});

describe('a binding without an owner', () => {
  const request = { trigger_type: 'webhook', function_id: 'a::h', config: { p: 1 }, metadata: { m: 1 } };

  it('is made by a function call and outlives its caller', async () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    const call = owner.call('engine::register_trigger', request);
    const [sent] = provider.got('registertrigger');
    expect(sent).toMatchObject({ trigger_type: 'webhook', config: { p: 1 }, metadata: { m: 1 } });
    provider.send({ ...sent, type: 'triggerregistrationresult' });
    await engine.settle();
    const { id } = owner.answer(call)!.result as { id: string };
    owner.disconnect();
    expect(status(engine, id)).toBe('live');
    const other = engine.worker('other');
    expect(other.ask('engine::unregister_trigger', { id })).toEqual({ removed: true });
    expect(released(provider)).toEqual([id]);
    expect(other.ask('engine::unregister_trigger', { id })).toEqual({ removed: false });
  });

  it('fails when the provider refuses it', async () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    const call = owner.call('engine::register_trigger', request);
    const [sent] = provider.got('registertrigger');
    provider.send({
      type: 'triggerregistrationresult',
      id: sent?.id,
      trigger_type: 'webhook',
      function_id: 'a::h',
      error: { code: 'c', message: 'no' },
    });
    await engine.settle();
    expect(owner.answer(call)?.error).toEqual({ code: 'trigger_registration_failed', message: 'c: no' });
    expect(status(engine, String(sent?.id))).toBeUndefined();
  });

  it('is taken for agreed when the provider says nothing, or leaves', async () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    const silent = owner.call('engine::register_trigger', request);
    await engine.clock.advanceAsync(9_000);
    expect(owner.answer(silent)).toBeUndefined();
    await engine.clock.advanceAsync(1_200);
    const { id } = owner.answer(silent)!.result as { id: string };
    expect(status(engine, id)).toBe('live');
    const abandoned = owner.call('engine::register_trigger', request);
    provider.disconnect();
    await engine.settle();
    const { id: second } = owner.answer(abandoned)!.result as { id: string };
    expect([status(engine, id), status(engine, second)]).toEqual([
      'parked: no_provider',
      'parked: no_provider',
    ]);
  });

  it('waits when nobody serves its type', async () => {
    const { engine, owner } = setup();
    const call = owner.call('engine::register_trigger', request);
    await engine.settle();
    const { id } = owner.answer(call)!.result as { id: string };
    expect(status(engine, id)).toBe('parked: no_provider');
  });

  it('may name the namespaces of target and provider, but not blank', async () => {
    const engine = new TestEngine();
    const provider = provide(engine.worker('p', { namespace: 'shop' }));
    const caller = engine.worker('caller');
    caller.call('engine::register_trigger', { ...request, namespace: 'n', trigger_namespace: 'shop' });
    expect(provider.got('registertrigger')[0]).toMatchObject({ namespace: 'n', trigger_namespace: 'shop' });
    const bad = caller.call('engine::register_trigger', { ...request, namespace: ' ' });
    await engine.settle();
    expect(caller.answer(bad)?.error).toMatchObject({ code: 'INVALID_NAMESPACE' });
  });

  it('can be released by a frame as well', async () => {
    const { engine, provider, owner } = setup();
    provide(provider);
    owner.call('engine::register_trigger', request);
    const id = String(provider.got('registertrigger')[0]?.id);
    engine.worker('anyone').send({ type: 'unregistertrigger', id });
    expect(status(engine, id)).toBeUndefined();
    await engine.clock.advanceAsync(11_000);
  });
});

describe('trigger types of the engine', () => {
  it('cannot be taken over', () => {
    const { engine, provider, owner } = setup();
    provide(provider, 'engine::workers-available');
    bind(owner, 'T1', { trigger_type: 'engine::workers-available' });
    expect([given(provider), status(engine, 'T1')]).toEqual([[], 'live']);
  });
});
