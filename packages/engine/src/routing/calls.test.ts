import { describe, expect, it } from 'vitest';
import { TestEngine } from '../test-support.js';
import { payloadOf } from './payload.js';

const CALL_ID = '11111111-2222-4333-8444-555555555555';

function setup() {
  const engine = new TestEngine();
  const provider = engine.worker('provider').offer('math::add');
  const caller = engine.worker('caller');
  return { engine, provider, caller };
}

describe('a synchronous call', () => {
  it('reaches the worker that offers the function and brings the answer back', () => {
    const { provider, caller } = setup();
    const id = caller.call('math::add', { a: 1 });
    const [invocation] = provider.got('invokefunction');
    expect(invocation).toEqual({
      type: 'invokefunction',
      invocation_id: expect.any(String) as string,
      function_id: 'math::add',
      data: { a: 1, _caller_worker_id: caller.id },
    });
    expect(caller.answer(id)).toBeUndefined();
    provider.respond(invocation, { result: { c: 3 } });
    expect(caller.answer(id)).toEqual({
      type: 'invocationresult',
      invocation_id: id,
      function_id: 'math::add',
      result: { c: 3 },
    });
  });

  it('is known to the executor by the id of its caller', () => {
    const { provider, caller } = setup();
    const id = caller.call('math::add');
    expect(provider.got('invokefunction')[0]?.invocation_id).toBe(id);
  });

  it.each([CALL_ID.toUpperCase().replace('1', 'A'), CALL_ID.replaceAll('-', ''), `{${CALL_ID}}`])(
    'is known to the executor by another id where it might spell %s differently',
    (id) => {
      const { provider, caller } = setup();
      caller.send({ type: 'invokefunction', invocation_id: id, function_id: 'math::add', data: 1 });
      const [invocation] = provider.got('invokefunction');
      expect(invocation?.invocation_id).not.toBe(id);
      provider.respond(invocation, { result: 'for caller' });
      expect(caller.answer(id)?.result).toBe('for caller');
    },
  );

  it('brings back a result in the very bytes it came in, and nothing the caller does not know', () => {
    const { provider, caller } = setup();
    const forwarded: string[] = [];
    const { peer } = caller.session;
    peer.forward = (_frame, bytes) => {
      forwarded.push(Buffer.from(bytes).toString());
      return 'sent';
    };
    const id = caller.call('math::add');
    const text = `{ "type":"invocationresult","result":[1.0, 2],"function_id":"math::add","invocation_id":"${id}"}`;
    provider.send(text);
    expect(forwarded).toEqual([text]);
    const other = caller.call('math::add');
    provider.respond(provider.got('invokefunction')[1], { result: 1, surprise: true });
    expect(forwarded).toHaveLength(1);
    expect(caller.answer(other)).toEqual({
      type: 'invocationresult',
      invocation_id: other,
      function_id: 'math::add',
      result: 1,
    });
  });

  it('ends for its caller under the name the caller used, whatever its executor says', () => {
    const { provider, caller } = setup();
    const id = caller.call('math::add');
    provider.send({ type: 'invocationresult', invocation_id: id, function_id: 'math::subtract', result: 1 });
    expect(caller.answer(id)?.function_id).toBe('math::add');
  });

  it('is known to the executor by an id of the engine’s where another caller has chosen the same one', () => {
    const { engine, provider, caller } = setup();
    const other = engine.worker('other');
    for (const worker of [caller, other]) {
      worker.send({ type: 'invokefunction', invocation_id: CALL_ID, function_id: 'math::add', data: 1 });
    }
    const [first, second] = provider.got('invokefunction');
    expect(first?.invocation_id).not.toBe(second?.invocation_id);
    provider.respond(second, { result: 'for other' }).respond(first, { result: 'for caller' });
    expect(caller.answer(CALL_ID)?.result).toBe('for caller');
    expect(other.answer(CALL_ID)?.result).toBe('for other');
  });

  it('is refused when its id is already in flight on this connection', () => {
    const { provider, caller } = setup();
    const frame = { type: 'invokefunction', invocation_id: CALL_ID, function_id: 'math::add', data: 1 };
    caller.send(frame).send(frame);
    expect(provider.got('invokefunction')).toHaveLength(1);
    expect(caller.answer(CALL_ID)?.error).toMatchObject({ code: 'invocation_error' });
    expect(caller.session.waiting.size).toBe(1);
  });

  it('keeps order for calls of one caller to one function', () => {
    const { provider, caller } = setup();
    for (let n = 0; n < 50; n++) caller.call('math::add', { n });
    expect(provider.got('invokefunction').map(({ data }) => (data as { n: number }).n)).toEqual(
      Array.from({ length: 50 }, (_, n) => n),
    );
  });

  it('passes payload, result and metadata on byte for byte', () => {
    const { engine, provider, caller } = setup();
    const texts: string[] = [];
    const { peer } = provider.session;
    const send = peer.send.bind(peer);
    peer.send = (frame, stamp) => {
      if (frame.type === 'invokefunction') {
        const data = payloadOf({ data: frame.data, stamp });
        texts.push(Buffer.from(data).toString(), Buffer.from(frame.metadata ?? []).toString());
      }
      return send(frame, stamp);
    };
    const payload = '{"n": 9007199254740993, "x": 1.0, "z":1,"a":2}';
    caller.send(
      `{"type":"invokefunction","invocation_id":"${CALL_ID}","function_id":"math::add","data":${payload},"metadata":[1.0]}`,
    );
    expect(texts).toEqual([`${payload.slice(0, -1)},"_caller_worker_id":"${caller.id}"}`, '[1.0]']);
    expect(engine.core.router.inFlight.size).toBe(1);
  });

  it('takes over what the caller claims to be', () => {
    const { provider, caller } = setup();
    caller.call('math::add', { _caller_worker_id: 'forged', a: 1 });
    expect(provider.got('invokefunction')[0]?.data).toEqual({ a: 1, _caller_worker_id: caller.id });
  });

  it.each([[[1, 2]], ['text'], [null], [7]])('does not touch the payload %j', (data) => {
    const { provider, caller } = setup();
    caller.call('math::add', data);
    expect(provider.got('invokefunction')[0]?.data).toEqual(data);
  });

  it('does not tell a caller when it comes from inside the engine process, as trigger fires do not', () => {
    const { engine, provider } = setup();
    const inside = engine.connect({ name: 'iii-http', instance: 'iii-http', version: '1' });
    inside.call('math::add', { a: 1 });
    expect(provider.got('invokefunction')[0]?.data).toEqual({ a: 1 });
    expect(inside.ask('engine::workers::register', { name: 'x' })).toEqual({ success: true });
  });

  it('arrives with null when the payload is missing', () => {
    const { provider, caller } = setup();
    caller.send({ type: 'invokefunction', invocation_id: CALL_ID, function_id: 'math::add' });
    expect(provider.got('invokefunction')[0]).toMatchObject({ data: null });
  });

  it('delivers metadata beside the payload, and never action or namespace', () => {
    const { provider, caller } = setup();
    caller.call('math::add', {}, { metadata: { m: 1 }, namespace: 'default' });
    const [invocation] = provider.got('invokefunction');
    expect(invocation).toMatchObject({ metadata: { m: 1 } });
    expect(Object.keys(invocation ?? {})).not.toContain('namespace');
  });
});

describe('the outcome', () => {
  it('has no result when the function returned null or nothing', () => {
    const { provider, caller } = setup();
    for (const outcome of [{ result: null }, {}]) {
      const id = caller.call('math::add');
      provider.respond(provider.take('invokefunction')[0], outcome);
      expect(caller.answer(id)).toEqual({
        type: 'invocationresult',
        invocation_id: id,
        function_id: 'math::add',
      });
    }
  });

  it('is the executor’s error with its stack trace, which wins over a result', () => {
    const { provider, caller } = setup();
    const id = caller.call('math::add');
    const error = { code: 'invocation_failed', message: 'boom', stacktrace: 'Error: boom\n at x' };
    provider.respond(provider.got('invokefunction')[0], { result: 1, error });
    expect(caller.answer(id)).toMatchObject({ error });
    expect(caller.answer(id)?.result).toBeUndefined();
  });

  it('is a failure even when the executor’s error is malformed', () => {
    const { provider, caller } = setup();
    const id = caller.call('math::add');
    provider.respond(provider.got('invokefunction')[0], { error: 'boom' });
    expect(caller.answer(id)?.error).toEqual({ code: 'invocation_failed', message: 'boom' });
  });

  it('is taken once, and only from the worker that has the call', () => {
    const { engine, provider, caller } = setup();
    const thief = engine.worker('thief');
    const id = caller.call('math::add');
    const [invocation] = provider.got('invokefunction');
    thief.respond(invocation, { result: 'stolen' });
    expect(caller.answer(id)).toBeUndefined();
    provider.respond(invocation, { result: 'first' }).respond(invocation, { result: 'second' });
    expect(caller.got('invocationresult').map(({ result }) => result)).toEqual(['first']);
  });

  it('echoes the trace headers of the caller, not those of the executor', () => {
    const { provider, caller } = setup();
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', baggage: 'k=v' };
    const id = caller.call('math::add', {}, trace);
    provider.respond(provider.got('invokefunction')[0], { result: 1, traceparent: 'x', baggage: 'y' });
    expect(caller.answer(id)).toMatchObject(trace);
  });
});

describe('calls without an answer', () => {
  it.each([
    ['a void action', { action: { type: 'void' } }],
    ['a void action and an id', { action: { type: 'void' }, invocation_id: CALL_ID }],
    ['no id', {}],
  ])('are executed with %s, under an id of the engine’s', (_, more) => {
    const { engine, provider, caller } = setup();
    caller.send({ type: 'invokefunction', function_id: 'math::add', data: { a: 1 }, ...more });
    const [invocation] = provider.got('invokefunction');
    expect(invocation).toMatchObject({ data: { a: 1, _caller_worker_id: caller.id } });
    expect(invocation?.invocation_id).not.toBe(CALL_ID);
    provider.respond(invocation, { result: 1 });
    expect(caller.got('invocationresult')).toEqual([]);
    expect(engine.core.router.inFlight.size).toBe(0);
  });

  it('leave a line in the log when there is no such function', () => {
    const { engine, caller } = setup();
    caller.send({ type: 'invokefunction', function_id: 'no::such', data: {}, action: { type: 'void' } });
    expect(engine.warnings()).toContainEqual(expect.stringContaining('Function no::such not found'));
  });
});

describe('a call that cannot be made', () => {
  it('is told that there is no such function, and where there is one', () => {
    const { engine, caller } = setup();
    engine.worker('elsewhere', { namespace: 'shop' }).offer('only::there');
    expect(caller.answer(caller.call('no::such'))?.error).toEqual({
      code: 'function_not_found',
      message: 'Function no::such not found in namespace default.',
    });
    expect(caller.answer(caller.call('only::there'))?.error).toMatchObject({
      code: 'function_not_found',
      message: 'Function only::there not found in namespace default. It is registered in shop.',
    });
    expect(caller.answer(caller.call('math::add', {}, { namespace: 'shop' }))?.error).toMatchObject({
      message: 'Function math::add not found in namespace shop. It is registered in default.',
    });
  });

  it('is told that its namespace is blank', () => {
    const { caller } = setup();
    const trace = { traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01' };
    const answer = caller.answer(caller.call('math::add', {}, { namespace: ' ', ...trace }));
    expect(answer?.error).toMatchObject({ code: 'INVALID_NAMESPACE' });
    expect(answer?.traceparent).toBeUndefined();
  });

  it('is told that too many are in flight, until some are answered', () => {
    const engine = new TestEngine({ maxInFlight: 3 });
    const provider = engine.worker('provider').offer('f');
    const caller = engine.worker('caller');
    for (let i = 0; i < 2; i++) caller.call('f');
    caller.send({ type: 'invokefunction', function_id: 'f', data: {}, action: { type: 'void' } });
    expect(caller.answer(caller.call('f'))?.error).toMatchObject({ code: 'too_many_invocations' });
    provider.respond(provider.got('invokefunction')[2]);
    expect(caller.answer(caller.call('f'))).toBeUndefined();
  });

  it('goes to another replica when the connection of the first turns out to be closed', () => {
    const engine = new TestEngine();
    const replicas = ['one', 'two', 'three'].map((name) => engine.worker(name).offer('f'));
    const caller = engine.worker('caller');
    for (const replica of replicas.slice(0, 2)) replica.isGone = true;
    const ids = Array.from({ length: 6 }, () => caller.call('f'));
    expect(replicas.map((replica) => replica.got('invokefunction').length)).toEqual([0, 0, 6]);
    expect(ids.map((id) => caller.answer(id))).toEqual(ids.map(() => undefined));
    expect(engine.core.router.inFlight.size).toBe(6);
    const [, , last] = replicas;
    if (last !== undefined) last.isGone = true;
    expect(caller.answer(caller.call('f'))?.error).toMatchObject({ code: 'channel_send_failed' });
  });

  it('is told that the executor’s connection was closing', () => {
    const { engine, provider, caller } = setup();
    provider.delivery = 'closed';
    expect(caller.answer(caller.call('math::add'))?.error).toMatchObject({ code: 'channel_send_failed' });
    expect(engine.core.router.inFlight.size).toBe(0);
  });

  it('is told that the payload is too large for its receiver, and so is the receiver of a result', () => {
    const { provider, caller } = setup();
    provider.delivery = 'too_large';
    expect(caller.answer(caller.call('math::add'))?.error).toMatchObject({ code: 'payload_too_large' });
    provider.delivery = 'sent';
    const id = caller.call('math::add');
    const { peer } = caller.session;
    const send = peer.send.bind(peer);
    peer.send = (frame) => (frame.type === 'invocationresult' && frame.result ? 'too_large' : send(frame));
    peer.forward = () => 'too_large';
    provider.respond(provider.got('invokefunction')[0], { result: 'x' });
    expect(caller.answer(id)?.error).toMatchObject({ code: 'payload_too_large' });
  });
});

describe('when somebody leaves', () => {
  it('calls its worker was executing end at once', () => {
    const { engine, provider, caller } = setup();
    const ids = [caller.call('math::add'), caller.call('math::add')];
    provider.disconnect();
    for (const id of ids) {
      expect(caller.answer(id)?.error).toEqual({ code: 'invocation_stopped', message: 'Invocation stopped' });
    }
    expect(engine.core.router.inFlight.size).toBe(0);
    expect(caller.session.waiting.size).toBe(0);
  });

  it('calls it was waiting for go on, and their results are dropped', () => {
    const { engine, provider, caller } = setup();
    caller.call('math::add');
    caller.disconnect();
    expect(engine.core.router.inFlight.size).toBe(1);
    provider.respond(provider.got('invokefunction')[0], { result: 1 });
    expect(engine.core.router.inFlight.size).toBe(0);
    expect(caller.got('invocationresult')).toEqual([]);
  });

  it('a worker that calls itself gets nothing and nothing is left', () => {
    const { engine, provider } = setup();
    provider.call('math::add');
    provider.disconnect();
    expect(engine.core.router.inFlight.size).toBe(0);
  });
});

describe('replicas', () => {
  function replicas(count: number) {
    const engine = new TestEngine();
    const workers = Array.from({ length: count }, (_, i) =>
      engine.worker(`replica ${i}`).offer('slow::work'),
    );
    return { engine, workers, caller: engine.worker('caller') };
  }

  it('share calls evenly while none is answered', () => {
    const { workers, caller } = replicas(3);
    for (let i = 0; i < 300; i++) caller.call('slow::work');
    expect(workers.map((worker) => worker.got('invokefunction').length)).toEqual([100, 100, 100]);
  });

  it('get the next call when they have fewest in flight', () => {
    const { workers, caller } = replicas(2);
    const [first, second] = workers;
    for (let i = 0; i < 4; i++) caller.call('slow::work');
    for (const invocation of second?.take('invokefunction') ?? []) second?.respond(invocation);
    for (let i = 0; i < 2; i++) caller.call('slow::work');
    expect(second?.got('invokefunction')).toHaveLength(2);
    expect(first?.got('invokefunction')).toHaveLength(2);
  });

  it('take turns when calls are answered at once', () => {
    const { workers, caller } = replicas(2);
    for (let i = 0; i < 10; i++) {
      caller.call('slow::work');
      for (const worker of workers) {
        for (const invocation of worker.take('invokefunction'))
          worker.respond(invocation, { result: worker.id });
      }
    }
    const answered = caller.got('invocationresult').map(({ result }) => result);
    expect(workers.map((worker) => answered.filter((by) => by === worker.id).length)).toEqual([5, 5]);
  });

  it('go on when one of them dies, and only its own calls fail', () => {
    const { workers, caller } = replicas(2);
    const [first, second] = workers;
    const ids = Array.from({ length: 10 }, () => caller.call('slow::work'));
    first?.disconnect();
    const failed = ids.filter((id) => caller.answer(id)?.error !== undefined);
    expect(failed).toHaveLength(5);
    for (const invocation of second?.take('invokefunction') ?? []) second?.respond(invocation, { result: 1 });
    expect(ids.filter((id) => caller.answer(id)?.result === 1)).toHaveLength(5);
    caller.call('slow::work');
    expect(second?.got('invokefunction')).toHaveLength(1);
  });

  it('are passed over while their connection is closing', () => {
    const { workers, caller } = replicas(2);
    const [first, second] = workers;
    if (first !== undefined) first.delivery = 'closed';
    for (let i = 0; i < 4; i++) caller.call('slow::work');
    expect(second?.got('invokefunction')).toHaveLength(4);
  });

  it('keep the function until the last of them has left', () => {
    const { workers, caller } = replicas(2);
    const [first, second] = workers;
    first?.send({ type: 'unregisterfunction', id: 'slow::work' });
    expect(caller.answer(caller.call('slow::work'))).toBeUndefined();
    second?.disconnect();
    expect(caller.answer(caller.call('slow::work'))?.error).toMatchObject({ code: 'function_not_found' });
  });
});

describe('enqueueing', () => {
  const action = { type: 'enqueue', queue: 'orders' };

  it('hands the job to the queue provider and answers with a receipt', async () => {
    const { engine, caller } = setup();
    const queue = engine.worker('queue').offer('engine::queue::enqueue');
    const id = caller.call('orders::process', { n: 1 }, { action, baggage: 'k=v,iii.function.id=old' });
    const [job] = queue.got('invokefunction');
    expect(job?.data).toEqual({
      queue: 'orders',
      function_id: 'orders::process',
      data: { n: 1 },
      messageReceiptId: expect.any(String) as string,
      traceparent: null,
      baggage: 'k=v,iii.function.id=orders::process',
    });
    queue.respond(job, { result: { ignored: true } });
    await engine.settle();
    const { messageReceiptId } = job!.data as { messageReceiptId: string };
    expect(caller.answer(id)).toMatchObject({
      result: { messageReceiptId },
      baggage: 'k=v,iii.function.id=old',
    });
  });

  it('names the namespace only when it is not the default, and drops a forged caller', async () => {
    const { engine, caller } = setup();
    const queue = engine.worker('queue').offer('engine::queue::enqueue');
    caller.call('f', { _caller_worker_id: 'forged' }, { action, namespace: 'shop' });
    expect(queue.got('invokefunction')[0]?.data).toMatchObject({ namespace: 'shop', data: {} });
    await engine.settle();
  });

  it('says that no queue worker is there, and how to get one', async () => {
    const { engine, caller } = setup();
    const id = caller.call('f', {}, { action });
    await engine.settle();
    const { code, message } = caller.answer(id)!.error as { code: string; message: string };
    expect(code).toBe('enqueue_error');
    expect(message).toContain('engine::queue::enqueue');
    expect(message).toContain('iii worker add queue');
  });

  it('passes the provider’s refusal on', async () => {
    const { engine, caller } = setup();
    const queue = engine.worker('queue').offer('engine::queue::enqueue');
    const id = caller.call('f', {}, { action });
    queue.respond(queue.got('invokefunction')[0], { error: { code: 'queue_full', message: 'no room' } });
    await engine.settle();
    expect(caller.answer(id)?.error).toEqual({ code: 'enqueue_error', message: 'queue_full: no room' });
  });

  it('does not wait for ever', async () => {
    const { engine, caller } = setup();
    engine.worker('queue').offer('engine::queue::enqueue');
    const id = caller.call('f', {}, { action });
    await engine.clock.advanceAsync(31_000);
    expect(caller.answer(id)?.error).toMatchObject({
      code: 'enqueue_error',
      message: 'TIMEOUT: no answer from engine::queue::enqueue within 30000 ms',
    });
  });

  it('refuses functions of the engine, which trust their caller’s id', async () => {
    const { engine, caller } = setup();
    const id = caller.call('engine::workers::register', { _caller_worker_id: 'x' }, { action });
    await engine.settle();
    expect(caller.answer(id)?.error).toMatchObject({ code: 'enqueue_error' });
  });
});
