import { describe, expect, it } from 'vitest';
import { TestEngine, type TestWorker } from '../test-support.js';

const engineOf = () => new TestEngine({ probeMs: 2_000 }, 'exclusive');

/** A worker that is told that it may not have a name. */
function newer(engine: TestEngine, name: string, more: object = {}): TestWorker {
  return engine.worker(name, { version: '0.23.0', ...more });
}

describe('where worker names may not repeat', () => {
  it('the second worker of a name is refused and its connection closed, once the first has shown that it lives', async () => {
    const engine = engineOf();
    const first = newer(engine, 'orders');
    const second = newer(engine, 'orders').offer('a::b');
    expect([first.pings, second.closed]).toEqual([1, undefined]);
    first.pong();
    await engine.settle();
    expect(second.got('registrationrejected')).toEqual([
      {
        type: 'registrationrejected',
        code: 'WORKER_NAMESPACE_CONFLICT',
        namespace: 'default',
        worker_name: 'orders',
        owner_worker_id: first.id,
      },
    ]);
    expect(second.closed).toMatchObject({ code: 1008 });
    expect(engine.core.functions.namespacesOf('a::b')).toEqual([]);
    expect(first.closed).toBeUndefined();
  });

  it('the second worker gets the name when the first does not answer a ping, and nothing of it is lost meanwhile', async () => {
    const engine = engineOf();
    const first = newer(engine, 'orders').offer('a::b');
    const second = newer(engine, 'orders').offer('a::b');
    await engine.clock.advanceAsync(2_000);
    expect(first.closed).toEqual({ code: 1006, reason: '' });
    expect([second.closed, second.session.gate.phase]).toEqual([undefined, 'resolved']);
    expect(engine.core.functions.find('default', 'a::b')?.providers).toEqual([
      expect.objectContaining({ session: second.session }),
    ]);
  });

  it('the grace timer does not admit a worker while its name is contested', async () => {
    const engine = new TestEngine({ probeMs: 8_000 }, 'exclusive');
    newer(engine, 'orders');
    const second = newer(engine, 'orders').offer('a::b');
    await engine.clock.advanceAsync(7_000);
    expect(second.session.gate.phase).toBe('pending');
  });

  it('a client of a generation that would not understand keeps working, and the name stays with the first', async () => {
    const engine = engineOf();
    const first = newer(engine, 'orders');
    const old = engine.worker('orders', { version: '0.22.1' });
    expect([old.closed, old.session.gate.phase]).toEqual([undefined, 'resolved']);
    expect(engine.warnings()).toContainEqual(expect.stringContaining('two workers have the same name'));
    old.disconnect();
    const third = newer(engine, 'orders');
    first.pong();
    await engine.settle();
    expect(third.closed).toMatchObject({ code: 1008 });
  });

  it('a client that declares a namespace understands, whatever its version', async () => {
    const engine = engineOf();
    const first = newer(engine, 'orders', { namespace: 'shop' });
    const second = engine.worker('orders', { version: '0.22.1', namespace: 'shop' });
    first.pong();
    await engine.settle();
    expect(second.closed).toMatchObject({ code: 1008 });
  });

  it('names of different namespaces are different names', () => {
    const engine = engineOf();
    newer(engine, 'orders', { namespace: 'a' });
    expect(newer(engine, 'orders', { namespace: 'b' }).session.gate.phase).toBe('resolved');
  });

  it('a name is free again when its worker leaves, or takes another one', () => {
    const engine = engineOf();
    const first = newer(engine, 'orders');
    first.announce({ name: 'billing', version: '0.23.0' });
    const second = newer(engine, 'orders');
    expect(second.session.gate.phase).toBe('resolved');
    second.disconnect();
    expect(newer(engine, 'orders').session.gate.phase).toBe('resolved');
  });

  it('a worker may repeat its own announcement, and one without a name is in nobody’s way', () => {
    const engine = engineOf();
    const first = newer(engine, 'orders').announce({ name: 'orders', version: '0.23.0' });
    expect(first.closed).toBeUndefined();
    expect(newer(engine, '\u0007').session.gate.phase).toBe('resolved');
    expect(newer(engine, '\u0007').session.gate.phase).toBe('resolved');
  });

  it('a worker that leaves while its name is contested leaves nothing behind', async () => {
    const engine = engineOf();
    newer(engine, 'orders');
    const second = newer(engine, 'orders');
    second.disconnect();
    await engine.clock.advanceAsync(2_000);
    expect(second.got('registrationrejected')).toEqual([]);
    expect(engine.core.sessions.size).toBe(0);
  });
});
