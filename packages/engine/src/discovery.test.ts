import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from './test-support.js';

function subscribe(worker: TestWorker, type: string, more: object = {}): TestWorker {
  return worker.offer('watch::changed').send({
    type: 'registertrigger',
    id: 'T1',
    trigger_type: type,
    function_id: 'watch::changed',
    config: {},
    ...more,
  });
}

function events(worker: TestWorker): unknown[] {
  return worker.take('invokefunction').map(({ data }) => data);
}

describe('engine::workers-available', () => {
  it('tells of every step of a connection once', () => {
    const engine = new TestEngine();
    const watcher = subscribe(engine.worker('watcher'), 'engine::workers-available');
    const worker = engine.connect();
    worker.announce({ name: 'w' });
    worker.disconnect();
    worker.disconnect();
    expect(events(watcher)).toEqual(
      ['worker_connected', 'worker_metadata_updated', 'worker_disconnected'].map((event) => ({
        event,
        worker_id: worker.id,
      })),
    );
  });

  it('says nothing of workers in the engine process', () => {
    const engine = new TestEngine();
    const watcher = subscribe(engine.worker('watcher'), 'engine::workers-available');
    engine.connect({ name: 'iii-http', instance: 'iii-http', version: '1' }).disconnect();
    expect(events(watcher)).toEqual([]);
  });

  it('delivers the metadata of the binding, to its namespace, and stops when released', () => {
    const engine = new TestEngine();
    const watcher = engine.worker('watcher', { namespace: 'ops' });
    subscribe(watcher, 'engine::workers-available', { metadata: { m: 1 }, namespace: 'ops' });
    engine.connect();
    expect(watcher.take('invokefunction')).toMatchObject([{ metadata: { m: 1 } }]);
    watcher.send({ type: 'unregistertrigger', id: 'T1' });
    engine.connect();
    expect(events(watcher)).toEqual([]);
  });
});

describe('engine::functions-available', () => {
  it('is one event for many changes, with the whole list', () => {
    const engine = new TestEngine();
    const watcher = subscribe(engine.worker('watcher'), 'engine::functions-available');
    engine.clock.advance(250);
    watcher.take('invokefunction');
    const worker = engine.worker('w');
    for (const id of ['w::a', 'w::b', 'w::c']) worker.offer(id, { metadata: { x: 1 } });
    expect(events(watcher)).toEqual([]);
    engine.clock.advance(250);
    const [event, ...others] = events(watcher) as Array<{ event: string; functions: unknown[] }>;
    expect(others).toEqual([]);
    expect(event?.event).toBe('functions_changed');
    expect(event?.functions).toContainEqual({
      function_id: 'w::a',
      namespace: 'default',
      worker_name: 'w',
      metadata: { x: 1 },
    });
    expect(event?.functions).toContainEqual(
      expect.objectContaining({ function_id: 'engine::functions::list' }),
    );
  });

  it('notices a function that is described anew, and one that leaves', () => {
    const engine = new TestEngine();
    const watcher = subscribe(engine.worker('watcher'), 'engine::functions-available');
    const worker = engine.worker('w').offer('w::a');
    engine.clock.advance(250);
    watcher.take('invokefunction');
    worker.offer('w::a', { description: 'new' });
    engine.clock.advance(250);
    expect(events(watcher)).toHaveLength(1);
    worker.disconnect();
    engine.clock.advance(250);
    expect(JSON.stringify(events(watcher))).not.toContain('w::a');
  });

  it('does not fire on subscription, nor when nothing changes', () => {
    const engine = new TestEngine();
    const watcher = engine.worker('watcher').offer('watch::changed');
    engine.clock.advance(1_000);
    subscribe(
      watcher.send({ type: 'unregisterfunction', id: 'watch::changed' }),
      'engine::functions-available',
    );
    engine.clock.advance(250);
    watcher.take('invokefunction');
    engine.clock.advance(60_000);
    expect(events(watcher)).toEqual([]);
  });
});
