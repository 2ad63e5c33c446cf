import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

function setup() {
  const engine = new TestEngine();
  const executor = engine.worker('executor').agreeOn('cancel').offer('a::b');
  const caller = engine.worker('caller').agreeOn('cancel');
  return { engine, executor, caller };
}

const cancelled = (worker: TestWorker) => worker.got('cancelinvocation');

describe('a call that is cancelled', () => {
  it('is cancelled at its executor, under the id that one knows', () => {
    const { executor, caller } = setup();
    const id = caller.call('a::b');
    caller.send({ type: 'cancelinvocation', invocation_id: id, reason: 'the user left' });
    expect(cancelled(executor)).toEqual([
      {
        type: 'cancelinvocation',
        invocation_id: executor.got('invokefunction')[0]?.invocation_id,
        reason: 'the user left',
      },
    ]);
    executor.respond(executor.got('invokefunction')[0], { result: 1 });
    expect(caller.answer(id)).toBeUndefined();
  });

  it('is in flight until its executor answers', () => {
    const { engine, executor, caller } = setup();
    const id = caller.call('a::b');
    caller.send({ type: 'cancelinvocation', invocation_id: id });
    expect([engine.core.router.inFlight.size, caller.session.outstanding]).toEqual([1, 1]);
    executor.respond(executor.got('invokefunction')[0]);
    expect([engine.core.router.inFlight.size, caller.session.outstanding]).toEqual([0, 0]);
  });

  it('runs on where the executor does not know of cancelling', () => {
    const { engine, caller } = setup();
    const old = engine.worker('old').offer('old::f');
    const id = caller.call('old::f');
    caller.send({ type: 'cancelinvocation', invocation_id: id });
    expect(cancelled(old)).toEqual([]);
  });

  it('is only that of the one who asks', () => {
    const { engine, executor, caller } = setup();
    const id = caller.call('a::b');
    engine.worker('other').agreeOn('cancel').send({ type: 'cancelinvocation', invocation_id: id });
    executor.send({ type: 'cancelinvocation', invocation_id: id });
    expect(cancelled(executor)).toEqual([]);
    executor.respond(executor.got('invokefunction')[0], { result: 1 });
    expect(caller.answer(id)).toMatchObject({ result: 1 });
  });

  it('needs the agreement of the caller', () => {
    const { engine, executor } = setup();
    const old = engine.worker('old');
    const id = old.call('a::b');
    old.send({ type: 'cancelinvocation', invocation_id: id });
    expect(cancelled(executor)).toEqual([]);
  });

  it('twice, or after it ended, changes nothing', () => {
    const { executor, caller } = setup();
    const first = caller.call('a::b');
    caller.send({ type: 'cancelinvocation', invocation_id: first });
    caller.send({ type: 'cancelinvocation', invocation_id: first });
    const second = caller.call('a::b');
    executor.respond(executor.got('invokefunction')[1]);
    caller.send({ type: 'cancelinvocation', invocation_id: second });
    expect(cancelled(executor)).toHaveLength(1);
  });

  it('is so when its caller disconnects', () => {
    const { engine, executor, caller } = setup();
    const old = engine.worker('old');
    caller.call('a::b');
    old.call('a::b');
    caller.disconnect();
    old.disconnect();
    expect(cancelled(executor).map((frame) => frame.reason)).toEqual([
      'the caller is gone',
      'the caller is gone',
    ]);
  });
});

describe('a call with a deadline', () => {
  it('tells its executor, and is ended and cancelled when the time is up', () => {
    const { engine, executor, caller } = setup();
    const id = caller.call('a::b', {}, { deadline_ms: 1_500 });
    expect(executor.got('invokefunction')[0]).toMatchObject({ deadline_ms: 1_500 });
    engine.clock.advance(1_490);
    expect(caller.answer(id)).toBeUndefined();
    engine.clock.advance(200);
    expect(caller.answer(id)?.error).toEqual({
      code: 'TIMEOUT',
      message: 'no answer from a::b within 1500 ms',
    });
    expect(cancelled(executor)).toMatchObject([{ reason: 'TIMEOUT' }]);
    executor.respond(executor.got('invokefunction')[0], { result: 1 });
    expect(caller.got('invocationresult')).toHaveLength(1);
  });

  it('leaves no timer once it is answered, cancelled or stopped', () => {
    const { engine, executor, caller } = setup();
    caller.call('a::b', {}, { deadline_ms: 1_000 });
    const cancelledId = caller.call('a::b', {}, { deadline_ms: 1_000 });
    caller.call('a::b', {}, { deadline_ms: 1_000 });
    executor.respond(executor.got('invokefunction')[0]);
    caller.send({ type: 'cancelinvocation', invocation_id: cancelledId });
    executor.disconnect();
    caller.pong();
    engine.clock.advance(5_000);
    expect(caller.got('invocationresult').map((frame) => (frame.error as { code?: string })?.code)).toEqual([
      undefined,
      'invocation_stopped',
    ]);
  });

  it('means nothing between peers that have not agreed on it', () => {
    const { engine, executor } = setup();
    const old = engine.worker('old');
    const id = old.call('a::b', {}, { deadline_ms: 10 });
    expect(executor.got('invokefunction')[0]).not.toHaveProperty('deadline_ms');
    engine.clock.advance(5_000);
    expect(old.answer(id)).toBeUndefined();
  });

  it('is not told to an executor that has not agreed on it, and ends for the caller all the same', () => {
    const { engine, caller } = setup();
    const old = engine.worker('old').offer('old::f');
    const id = caller.call('old::f', {}, { deadline_ms: 100 });
    expect(old.got('invokefunction')[0]).not.toHaveProperty('deadline_ms');
    engine.clock.advance(1_000);
    expect(caller.answer(id)?.error).toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('extensions', () => {
  it('that nobody knows are not agreed on', () => {
    const worker = new TestEngine()
      .worker('w')
      .send({ type: 'useextensions', extensions: ['telepathy', 'cancel'] });
    expect([...worker.session.extensions]).toEqual(['cancel']);
  });
});
