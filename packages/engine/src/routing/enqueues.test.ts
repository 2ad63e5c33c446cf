import { describe, expect, it } from 'vitest';
import { type Received, TestEngine, type TestWorker } from '../test-support.js';

const INSIDE = { name: 'iii-queue', instance: 'iii-queue', version: '1.0.0' };
const action = { type: 'enqueue', queue: 'orders' };

function setup() {
  const engine = new TestEngine();
  const queue = engine.connect(INSIDE).offer('engine::queue::enqueue').offer('engine::queue::enqueue_many');
  const caller = engine.worker('caller');
  return { engine, queue, caller };
}

interface Job {
  readonly data: unknown;
  readonly metadata?: unknown;
}

/** What was handed over together. */
const jobsIn = (call: Received | undefined) => (call?.data as { jobs: Job[] } | undefined)?.jobs ?? [];
const handedTo = (queue: TestWorker) => queue.got('invokefunction').map((call) => call.function_id);

describe('jobs that come together, where the queue worker is in the process of the engine,', () => {
  it('are handed over in one call, and each is answered', async () => {
    const { engine, queue, caller } = setup();
    const other = engine.worker('other');
    const ids = [1, 2].map((n) => caller.call('f', { n }, { action, metadata: { n } }));
    const third = other.call('g', null, { action, baggage: 'k=v' });
    expect(queue.got('invokefunction')).toEqual([]);
    await engine.settle();
    const [call] = queue.got('invokefunction');
    expect(call?.function_id).toBe('engine::queue::enqueue_many');
    const jobs = jobsIn(call);
    expect(jobs).toMatchObject([
      { queue: 'orders', function_id: 'f', data: { n: 1 }, metadata: { n: 1 } },
      { queue: 'orders', function_id: 'f', data: { n: 2 }, metadata: { n: 2 } },
      { function_id: 'g', data: null, baggage: 'k=v,iii.function.id=g' },
    ]);
    expect(jobs[2]).not.toHaveProperty('metadata');
    for (const job of jobs) expect(job).not.toHaveProperty('messageReceiptId');
    queue.respond(call, {
      result: { replies: ['a', 'b', 'c'].map((messageReceiptId) => ({ messageReceiptId })) },
    });
    await engine.settle();
    const results = [...ids.map((id) => caller.answer(id)), other.answer(third)].map((one) => one?.result);
    expect(results).toEqual(['a', 'b', 'c'].map((messageReceiptId) => ({ messageReceiptId })));
    expect(other.answer(third)?.baggage).toBe('k=v');
    expect(engine.core.router.counts).toMatchObject({ total: 3, failed: 0 });
  });

  it('have outcomes of their own', async () => {
    const { engine, queue, caller } = setup();
    const ids = [1, 2, 3, 4].map((n) => caller.call('f', { n }, { action }));
    await engine.settle();
    const errors = { 1: { code: 'queue_full', message: 'no room' } };
    const replies = [{ messageReceiptId: 'own' }, null, { messageReceiptId: 'earlier', deduplicated: true }];
    queue.respond(queue.got('invokefunction')[0], { result: { replies, errors } });
    await engine.settle();
    expect(ids.map((id) => caller.answer(id)?.result ?? caller.answer(id)?.error)).toEqual([
      { messageReceiptId: 'own' },
      { code: 'enqueue_error', message: 'queue_full: no room' },
      { messageReceiptId: 'earlier', deduplicated: true },
      { code: 'enqueue_error', message: expect.stringContaining('nothing was said of this job') },
    ]);
    expect(engine.core.router.counts).toMatchObject({ total: 4, failed: 2 });
  });

  it('all fail when the call does, and when the worker leaves', async () => {
    const { engine, queue, caller } = setup();
    const ids = [1, 2].map((n) => caller.call('f', { n }, { action }));
    await engine.settle();
    queue.respond(queue.got('invokefunction')[0], { error: { code: 'stopping', message: 'no more' } });
    const late = [3, 4].map((n) => caller.call('f', { n }, { action }));
    await engine.settle();
    queue.disconnect();
    await engine.settle();
    for (const id of ids) {
      expect(caller.answer(id)?.error).toEqual({ code: 'enqueue_error', message: 'stopping: no more' });
    }
    for (const id of late) {
      expect(caller.answer(id)?.error).toMatchObject({ message: 'invocation_stopped: Invocation stopped' });
    }
    expect(engine.core.router.counts).toMatchObject({ total: 4, failed: 4 });
  });

  it('are handed over alone where there is one, in its place before what is called behind it', async () => {
    const { engine, queue, caller } = setup();
    queue.offer('iii::queue::stats');
    caller.call('f', {}, { action });
    caller.call('iii::queue::stats');
    caller.call('f', {}, { action });
    caller.call('f', {}, { action });
    await engine.settle();
    expect(handedTo(queue)).toEqual([
      'engine::queue::enqueue',
      'iii::queue::stats',
      'engine::queue::enqueue_many',
    ]);
  });

  it('are handed over alone where they are long, and in their order', async () => {
    const { engine, queue, caller } = setup();
    const texts = ['a', 'b', 'x'.repeat(300_000), 'c', 'd'];
    for (const text of texts) caller.call('f', text, { action });
    await engine.settle();
    const seen = queue
      .got('invokefunction')
      .flatMap((call) =>
        call.function_id === 'engine::queue::enqueue'
          ? [(call.data as Job).data]
          : jobsIn(call).map((job) => job.data),
      );
    expect(seen).toEqual(texts);
    expect(handedTo(queue)).toHaveLength(3);
  });

  it('are no more than a few hundred at a time, and no more than some bytes', async () => {
    const { engine, queue, caller } = setup();
    for (let n = 0; n < 300; n++) caller.call('f', n, { action });
    await engine.settle();
    expect(queue.got('invokefunction').map((call) => jobsIn(call).length)).toEqual([256, 44]);
    for (let n = 0; n < 4; n++) caller.call('f', 'x'.repeat(100_000), { action });
    await engine.settle();
    expect(
      queue
        .got('invokefunction')
        .slice(2)
        .map((call) => jobsIn(call).length),
    ).toEqual([2, 2]);
  });

  it('are handed over one by one by an engine whose queue worker is elsewhere, or not alone', async () => {
    const engine = new TestEngine();
    const outside = engine
      .worker('queue')
      .offer('engine::queue::enqueue')
      .offer('engine::queue::enqueue_many');
    const caller = engine.worker('caller');
    for (let n = 0; n < 2; n++) caller.call('f', n, { action });
    expect(handedTo(outside)).toEqual(['engine::queue::enqueue', 'engine::queue::enqueue']);
    await engine.settle();
  });

  it('that are refused at once do not hold the others up', async () => {
    const { engine, queue, caller } = setup();
    caller.call('f', 1, { action });
    const refused = caller.call('engine::x', 2, { action });
    caller.call('f', 3, { action });
    await engine.settle();
    expect(caller.answer(refused)?.error).toMatchObject({ code: 'enqueue_error' });
    expect(jobsIn(queue.got('invokefunction')[0]).map(({ data }) => data)).toEqual([1, 3]);
  });
});
