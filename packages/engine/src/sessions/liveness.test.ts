import { describe, expect, it } from 'vitest';
import { TestEngine } from '../test-support.js';

describe('a connection', () => {
  it('is pinged three times in the time it may be silent, and then given up', () => {
    const engine = new TestEngine({ livenessMs: 45_000 });
    const worker = engine.worker('quiet').offer('a::b');
    engine.clock.advance(44_999);
    expect([worker.pings, worker.closed]).toEqual([2, undefined]);
    engine.clock.advance(1);
    expect(worker.closed).toEqual({ code: 1006, reason: '' });
    expect(engine.core.functions.namespacesOf('a::b')).toEqual([]);
    expect(engine.warnings()).toContain('a worker shows no sign of life any more');
  });

  it('takes its turn among all, which are not pinged at once', () => {
    const engine = new TestEngine({ livenessMs: 60_000 });
    const workers = Array.from({ length: 200 }, (_, n) => engine.worker(`quiet-${n}`));
    const pinged = () => workers.reduce((sum, { pings }) => sum + pings, 0);
    engine.clock.advance(20_000);
    for (let second = 1; second <= 20; second++) {
      const before = pinged();
      engine.clock.advance(1_000);
      expect(pinged() - before).toBe(10);
    }
    engine.clock.advance(60_000);
    expect(workers.filter(({ closed }) => closed === undefined)).toEqual([]);
  });

  it('is not pinged while it is heard anyway', () => {
    const engine = new TestEngine({ livenessMs: 60_000 });
    const talks = engine.worker('talks');
    const answers = engine.worker('answers');
    for (let second = 1; second <= 120; second++) {
      const { pings } = answers;
      engine.clock.advance(1_000);
      if (second % 10 === 0) talks.pong();
      engine.clock.advance(10);
      if (answers.pings > pings) answers.pong();
    }
    expect([talks.pings, answers.pings]).toEqual([0, 6]);
  });

  it('lives on as long as anything is heard of it', () => {
    const engine = new TestEngine({ livenessMs: 45_000 });
    const worker = engine.worker('quiet');
    for (let round = 0; round < 10; round++) {
      engine.clock.advance(40_000);
      worker.pong();
    }
    expect(worker.closed).toBeUndefined();
  });

  it('ends the calls it was executing when it is given up', () => {
    const engine = new TestEngine({ livenessMs: 45_000 });
    engine.worker('quiet').offer('a::b');
    const caller = engine.worker('caller');
    const id = caller.call('a::b');
    engine.clock.advance(30_000);
    caller.pong();
    engine.clock.advance(15_000);
    expect(caller.answer(id)?.error).toMatchObject({ code: 'invocation_stopped' });
  });

  it('is not blamed for time in which the engine itself stood still', () => {
    const engine = new TestEngine({ livenessMs: 45_000 });
    const worker = engine.worker('quiet');
    engine.clock.stall(600_000);
    engine.clock.advance(0);
    expect(worker.closed).toBeUndefined();
    engine.clock.advance(45_000);
    expect(worker.closed).toBeDefined();
  });

  it('is asked for a sign of life when the same process announces itself on another', async () => {
    const engine = new TestEngine({ livenessMs: 45_000, twinProbeMs: 10_000 });
    const ghost = engine.worker('w', { pid: 7 }).offer('a::b');
    const other = engine.worker('w', { pid: 8 });
    const returned = engine.worker('w', { pid: 7 }).offer('a::b');
    expect([ghost.pings, other.pings, returned.pings]).toEqual([1, 0, 0]);
    await engine.clock.advanceAsync(9_999);
    expect(ghost.closed).toBeUndefined();
    await engine.clock.advanceAsync(1);
    expect([ghost.closed?.code, other.closed, returned.closed]).toEqual([1006, undefined, undefined]);
    expect(engine.core.functions.find('default', 'a::b')?.serving).toHaveLength(1);
  });

  it('of a process that has several stays as long as it answers', async () => {
    const engine = new TestEngine({ twinProbeMs: 10_000 });
    const first = engine.worker('w', { pid: 7 });
    const second = engine.worker('w', { pid: 7 });
    expect(first.pings).toBe(1);
    first.pong();
    await engine.clock.advanceAsync(10_000);
    expect([first.closed, second.closed]).toEqual([undefined, undefined]);
  });

  it('of a process that has very many is asked in its turn, not with every announcement', () => {
    const engine = new TestEngine({ twinProbeMs: 10_000 });
    const all = Array.from({ length: 100 }, () => engine.worker('w', { pid: 7 }));
    for (const worker of all) worker.pong();
    const pings = () => all.map((worker) => worker.pings);
    const before = pings();
    engine.worker('w', { pid: 7 });
    expect(pings().reduce((sum, count, at) => sum + count - (before[at] ?? 0), 0)).toBe(8);
    for (let n = 0; n < 20; n++) {
      for (const worker of all) worker.pong();
      engine.worker('w', { pid: 7 });
    }
    expect(pings().filter((count, at) => count === before[at])).toEqual([]);
  });

  it('inside the engine process is not watched', () => {
    const engine = new TestEngine();
    const worker = engine.connect({ name: 'iii-x', instance: 'iii-x', version: '1' });
    engine.clock.advance(600_000);
    expect([worker.pings, worker.closed]).toEqual([0, undefined]);
  });
});
