import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

function setup(limits: ConstructorParameters<typeof TestEngine>[0] = {}) {
  const engine = new TestEngine(limits);
  const provider = engine.worker('provider').send({
    type: 'registertriggertype',
    id: 'webhook',
    description: '',
  });
  return { engine, provider, first: engine.worker('first'), second: engine.worker('second') };
}

function bind(worker: TestWorker, path: string, id = 'T1'): void {
  worker.send({
    type: 'registertrigger',
    id,
    trigger_type: 'webhook',
    function_id: 'a::h',
    config: { path },
  });
}

const paths = (provider: TestWorker) =>
  provider.take('registertrigger').map((frame) => (frame.config as { path: string }).path);

const problem = (worker: TestWorker) =>
  worker.take('triggerregistrationresult').map((frame) => (frame.error as { code: string }).code);

describe('a trigger whose id is taken', () => {
  it('counts once the worker that has it leaves', () => {
    const { engine, provider, first, second } = setup();
    bind(first, '/old');
    bind(second, '/new');
    expect([paths(provider), problem(second)]).toEqual([['/old'], ['trigger_id_conflict']]);
    first.disconnect();
    expect([provider.got('unregistertrigger').length, paths(provider)]).toEqual([1, ['/new']]);
    expect(engine.core.triggers.bindings.get('T1')?.owners).toEqual([second.session]);
    expect(engine.lines).toContainEqual(
      expect.objectContaining({
        level: 'info',
        fields: { worker: 'second', trigger_id: 'T1' },
      }),
    );
  });

  it('counts once the worker that has it releases it', () => {
    const { provider, first, second } = setup();
    bind(first, '/old');
    bind(second, '/new');
    first.send({ type: 'unregistertrigger', id: 'T1' });
    expect(paths(provider)).toEqual(['/old', '/new']);
  });

  it('is what its worker asked for last, and nothing when that takes it back or leaves', () => {
    const { engine, provider, first, second } = setup();
    const third = engine.worker('third');
    bind(first, '/old');
    bind(second, '/a');
    bind(second, '/b');
    bind(third, '/c');
    second.send({ type: 'unregistertrigger', id: 'T1' });
    third.disconnect();
    first.disconnect();
    expect(paths(provider)).toEqual(['/old']);
    expect(engine.core.triggers.bindings.get('T1')).toBeUndefined();
  });

  it('goes to who has waited longest', () => {
    const { engine, provider, first, second } = setup();
    const third = engine.worker('third');
    bind(first, '/1');
    bind(second, '/2');
    bind(third, '/3');
    first.disconnect();
    second.disconnect();
    expect(paths(provider)).toEqual(['/1', '/2', '/3']);
  });

  it('frees a shared one from the replica that now wants something else', () => {
    const { engine, provider, first, second } = setup();
    bind(first, '/v1');
    bind(second, '/v1');
    bind(second, '/v2');
    expect(engine.core.triggers.bindings.get('T1')?.owners).toEqual([first.session]);
    first.disconnect();
    expect(paths(provider)).toEqual(['/v1', '/v2']);
  });

  it('is shared at once when its worker asks for the very same by now', () => {
    const { engine, first, second } = setup();
    bind(first, '/v2');
    bind(second, '/v1');
    bind(second, '/v2');
    expect(engine.core.triggers.bindings.get('T1')?.owners).toEqual([first.session, second.session]);
    first.disconnect();
    second.disconnect();
    expect(engine.core.triggers.bindings.get('T1')).toBeUndefined();
  });
});

describe('a trigger that its provider refuses', () => {
  const refuse = (provider: TestWorker, id = 'T1') =>
    provider.send({
      type: 'triggerregistrationresult',
      id,
      trigger_type: 'webhook',
      function_id: 'a::h',
      error: { code: 'route_taken', message: 'no' },
    });

  it('is offered again after pauses that grow, a few times, and its owner hears of it once', () => {
    const { engine, provider, first } = setup({ rejectedTriggerRetryMs: [1_000, 10_000] });
    bind(first, '/x');
    refuse(provider);
    expect(paths(provider)).toEqual(['/x']);
    engine.clock.advance(999);
    expect(paths(provider)).toEqual([]);
    engine.clock.advance(1);
    expect(paths(provider)).toEqual(['/x']);
    refuse(provider);
    engine.clock.advance(10_000);
    expect(paths(provider)).toEqual(['/x']);
    refuse(provider);
    provider.pong();
    engine.clock.advance(20_000);
    expect(paths(provider)).toEqual([]);
    expect(problem(first)).toEqual(['route_taken']);
  });

  it('is offered again soon after another one of its type was released', () => {
    const { engine, provider, first, second } = setup({ rejectedTriggerRetryMs: [60_000] });
    bind(first, '/x');
    bind(second, '/x', 'T2');
    refuse(provider, 'T2');
    paths(provider);
    first.disconnect();
    engine.clock.advance(250);
    expect(paths(provider)).toEqual(['/x']);
    expect(engine.core.triggers.bindings.get('T2')?.state.status).toBe('live');
  });

  it('is not offered any more once it is released, or its owner is gone', () => {
    const { engine, provider, first, second } = setup();
    bind(first, '/x');
    bind(second, '/y', 'T2');
    refuse(provider);
    refuse(provider, 'T2');
    paths(provider);
    first.send({ type: 'unregistertrigger', id: 'T1' });
    second.disconnect();
    engine.clock.advance(30_000);
    expect(paths(provider)).toEqual([]);
  });

  it('is offered at once to a new provider, whose refusal is news again', () => {
    const { engine, provider, first } = setup({ rejectedTriggerRetryMs: [] });
    bind(first, '/x');
    refuse(provider);
    const other = engine.worker('other').send({
      type: 'registertriggertype',
      id: 'webhook',
      description: '',
    });
    expect(paths(other)).toEqual(['/x']);
    refuse(other);
    expect(problem(first)).toEqual(['route_taken', 'route_taken']);
  });
});
