import { describe, expect, it } from 'vitest';
import { TestEngine } from './test-support.js';

describe('what one connection may register', () => {
  it('is bounded for functions: one too many is refused by name, and room is made by unregistering', () => {
    const engine = new TestEngine({ maxFunctionsPerConnection: 2 });
    const worker = engine.worker('greedy').offer('a::1').offer('a::2').offer('a::3');
    expect(worker.got('registrationrejected')).toMatchObject([
      { code: 'FUNCTION_NAMESPACE_CONFLICT', function_id: 'a::3', owner_worker_id: '' },
    ]);
    expect(engine.lines).toContainEqual(
      expect.objectContaining({
        level: 'warn',
        message: expect.stringContaining('too_many_registrations') as string,
        fields: { worker: 'greedy', function_id: 'a::3' },
      }),
    );
    worker
      .offer('a::2', { description: 'anew' })
      .send({ type: 'unregisterfunction', id: 'a::1' })
      .offer('a::4');
    expect([...worker.session.functions.keys()]).toEqual(['a::2', 'a::4']);
  });

  it('is bounded for trigger types', () => {
    const engine = new TestEngine({ maxTriggerTypesPerConnection: 1 });
    const worker = engine.worker('greedy');
    for (const id of ['t1', 't2', 't1']) worker.send({ type: 'registertriggertype', id, description: '' });
    expect([...worker.session.triggerTypes].map(({ entry }) => entry.id)).toEqual(['t1']);
    expect(engine.lines).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ worker: 'greedy', code: 'too_many_registrations' }) as object,
      }),
    );
  });

  it('is bounded for triggers, those that stand by included', () => {
    const engine = new TestEngine({ maxBindingsPerConnection: 2 });
    const bind = (id: string) => ({
      type: 'registertrigger',
      id,
      trigger_type: 't',
      function_id: 'f',
      config: id,
    });
    engine.worker('owner').send({ ...bind('taken'), config: 'other' });
    const worker = engine
      .worker('greedy')
      .send(bind('taken'))
      .send(bind('T1'))
      .send(bind('T2'))
      .send(bind('T1'));
    expect(
      worker.got('triggerregistrationresult').map(({ id, error }) => [id, (error as { code: string }).code]),
    ).toEqual([
      ['taken', 'trigger_id_conflict'],
      ['T2', 'too_many_registrations'],
    ]);
  });

  it('is not bounded for workers inside the engine process', () => {
    const engine = new TestEngine({ maxFunctionsPerConnection: 1 });
    const worker = engine
      .connect({ name: 'iii-x', instance: 'iii-x', version: '1' })
      .offer('x::1')
      .offer('x::2');
    expect(worker.session.functions.size).toBe(2);
  });
});

describe('a connection that has not announced itself', () => {
  it('is dropped when it sends more frames a second than it may, whatever they are', () => {
    const engine = new TestEngine({ maxUnannouncedFramesPerSecond: 10 });
    const worker = engine.connect();
    for (let n = 0; n < 10; n++) worker.send('garbage');
    expect(worker.closed).toBeUndefined();
    worker.send('garbage');
    expect(worker.closed).toMatchObject({ code: 1008 });
  });

  it('may take its time, and may hurry once it is announced', () => {
    const engine = new TestEngine({ maxUnannouncedFramesPerSecond: 10 });
    const worker = engine.connect();
    for (let n = 0; n < 10; n++) worker.send({ type: 'ping' });
    engine.clock.advance(1_000);
    for (let n = 0; n < 9; n++) worker.send({ type: 'ping' });
    worker.announce({ name: 'w' });
    for (let n = 0; n < 100; n++) worker.send({ type: 'ping' });
    expect([worker.closed, worker.got('pong').length]).toEqual([undefined, 119]);
  });
});
