import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

function calls(...workers: TestWorker[]): number[] {
  return workers.map((worker) => worker.got('invokefunction').length);
}

describe('an engine where the first owner keeps a function', () => {
  const setup = () => {
    const engine = new TestEngine({ probeMs: 2_000 }, 'exclusive');
    const first = engine.worker('first').offer('a::b');
    const second = engine.worker('second').offer('a::b');
    return { engine, first, second, caller: engine.worker('caller') };
  };

  it('tells others that it is taken, and by whom, and leaves their connection alone', async () => {
    const { engine, first, second, caller } = setup();
    first.pong();
    await engine.settle();
    expect(second.got('registrationrejected')).toEqual([
      {
        type: 'registrationrejected',
        code: 'FUNCTION_NAMESPACE_CONFLICT',
        namespace: 'default',
        function_id: 'a::b',
        owner_worker_id: first.id,
      },
    ]);
    caller.call('a::b');
    expect([...calls(first, second), second.closed]).toEqual([1, 0, undefined]);
    expect(engine.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: 'a function was refused: worker first owns it; this one gets it when that leaves',
        fields: { worker: 'second', function_id: 'a::b' },
      }),
    );
  });

  it('promotes who has waited longest when the owner leaves', async () => {
    const { engine, first, second, caller } = setup();
    const third = engine.worker('third').offer('a::b');
    first.pong();
    await engine.settle();
    first.disconnect();
    caller.call('a::b');
    expect(calls(second, third)).toEqual([1, 0]);
    second.send({ type: 'unregisterfunction', id: 'a::b' });
    caller.call('a::b');
    expect(calls(second, third)).toEqual([1, 1]);
  });

  it('gives it to the newcomer when the owner does not answer a ping', async () => {
    const { engine, first, second, caller } = setup();
    await engine.clock.advanceAsync(2_000);
    caller.call('a::b');
    expect([first.closed?.code, ...calls(second)]).toEqual([1006, 1]);
    expect(second.got('registrationrejected')).toEqual([]);
  });

  it('lists the function once, with its owner, and not with those who stand by', async () => {
    const { engine, first, second, caller } = setup();
    first.pong();
    await engine.settle();
    expect(caller.ask('engine::functions::info', { function_id: 'a::b' })).toMatchObject({
      worker_name: 'first',
    });
    const { workers } = caller.ask('engine::workers::list', {}) as {
      workers: { name: string; functions: string[] }[];
    };
    expect(workers.filter(({ functions }) => functions.includes('a::b')).map(({ name }) => name)).toEqual([
      'first',
    ]);
    expect(second.session.functions.size).toBe(1);
  });

  it('lets the same id live in two namespaces', () => {
    const engine = new TestEngine({}, 'exclusive');
    engine.worker('a', { namespace: 'x' }).offer('a::b');
    const other = engine.worker('b', { namespace: 'y' }).offer('a::b');
    expect(other.got('registrationrejected')).toEqual([]);
    expect(engine.core.functions.namespacesOf('a::b')).toEqual(['x', 'y']);
    other.disconnect();
    expect(engine.core.functions.namespacesOf('a::b')).toEqual(['x']);
  });
});

describe('an engine where the newest owner has a function', () => {
  it('gives it to the newcomer, and back when that leaves', () => {
    const engine = new TestEngine({}, 'latest');
    const caller = engine.worker('caller');
    const first = engine.worker('first').offer('a::b', { description: 'old' });
    const second = engine.worker('second').offer('a::b', { description: 'new' });
    caller.call('a::b');
    caller.call('a::b');
    expect(calls(first, second)).toEqual([0, 2]);
    expect(second.got('registrationrejected')).toEqual([]);
    second.disconnect();
    caller.call('a::b');
    expect(calls(first)).toEqual([1]);
    expect(caller.ask('engine::functions::info', { function_id: 'a::b' })).toMatchObject({
      description: 'old',
    });
  });
});
