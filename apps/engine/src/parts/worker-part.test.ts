import { Engine } from 'iii-engine';
import { Type } from 'iii-protocol/schema';
import { ManualClock } from 'iii-protocol/testing';
import { defineWorker, type RunningWorker } from 'iii-worker';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PlannedWorker } from '../config/plan.js';
import { LogBook } from '../test-support.js';
import { Parts } from './parts.js';
import { WorkerPart, type WorkerSurroundings } from './worker-part.js';

describe('a worker in this process', () => {
  let engine: Engine;
  let clock: ManualClock;
  let log: LogBook;
  /** What the worker was told to do, in order. */
  let trail: string[];
  /** Versions of the configuration that do not work, and how often they do not. */
  let broken: Map<number, number>;
  let surroundings: WorkerSurroundings;

  beforeEach(() => {
    engine = new Engine();
    clock = new ManualClock();
    log = new LogBook();
    trail = [];
    broken = new Map();
    const address = () => 'ws://127.0.0.1:0';
    // Nothing here opens a store, so nothing is made there.
    const data = { path: '/nonexistent', opened: () => {} };
    const { signal } = new AbortController();
    surroundings = { engine, clock, log, address, data, driver: 'node', signal };
  });

  afterEach(() => engine.close());

  interface Config {
    readonly v: number;
    readonly driver?: string;
  }

  function attempt(what: string, { v }: Config): void {
    trail.push(`${what} ${v}`);
    const left = broken.get(v) ?? 0;
    broken.set(v, left - 1);
    if (left > 0) throw new Error(`${v} is broken`);
  }

  function planned(v: number, more: Partial<RunningWorker<object>> & { live?: boolean } = {}): PlannedWorker {
    const { live = false, ...overrides } = more;
    const definition = defineWorker({
      name: 'iii-test',
      aliases: [],
      version: '1.0.0',
      description: 'Writes down what happens to it.',
      config: Type.Object({ v: Type.Integer() }),
      async start({ iii, config, signal }) {
        attempt('start', config);
        iii.registerFunction('test::version', () => config.v);
        await iii.ready();
        signal.addEventListener('abort', () => trail.push('at once'));
        return {
          stop: async () => void trail.push(`stop ${config.v}`),
          ...(live ? { reconfigure: async (to: Config) => attempt('reconfigure', to) } : {}),
          ...overrides,
        };
      },
    });
    return { definition, instance: 'iii-test', numbered: true, config: { v, driver: 'auto' } };
  }

  it('that cannot be reconfigured starts anew, once it has stopped', async () => {
    const part = await WorkerPart.start(planned(1), surroundings);
    expect(await part.change(planned(2))).toEqual({ kind: 'done' });
    expect(trail).toEqual(['start 1', 'stop 1', 'start 2']);
    expect(part.planned.config).toMatchObject({ v: 2 });
    expect(engine.status.sessions).toBe(1);
    await part.stop();
    await part.stop();
    expect(trail.at(-1)).toBe('stop 2');
    expect(trail).toHaveLength(4);
    expect(engine.status.sessions).toBe(0);
  });

  it('goes back to the configuration of before when the new one does not start', async () => {
    const part = await WorkerPart.start(planned(1), surroundings);
    broken.set(2, 1);
    expect(await part.change(planned(2))).toMatchObject({ kind: 'kept', error: { message: '2 is broken' } });
    expect(trail).toEqual(['start 1', 'stop 1', 'start 2', 'start 1']);
    expect([part.isRunning, part.planned.config]).toMatchObject([true, { v: 1 }]);
    expect(engine.status.sessions).toBe(1);
    expect(await part.change(planned(2))).toEqual({ kind: 'done' });
    await part.stop();
  });

  it('takes a new configuration while it runs, where it can', async () => {
    const part = await WorkerPart.start(planned(1, { live: true }), surroundings);
    expect(await part.change(planned(2, { live: true }))).toEqual({ kind: 'done' });
    broken.set(3, 1);
    expect(await part.change(planned(3, { live: true }))).toMatchObject({ kind: 'kept' });
    expect(trail).toEqual(['start 1', 'reconfigure 2', 'reconfigure 3', 'reconfigure 2']);
    expect(part.planned.config).toMatchObject({ v: 2 });
    await part.stop();
  });

  it('starts anew with the configuration of before when it cannot even take that', async () => {
    const part = await WorkerPart.start(planned(1, { live: true }), surroundings);
    broken.set(2, 1).set(1, 1);
    expect(await part.change(planned(2, { live: true }))).toMatchObject({ kind: 'kept' });
    expect(trail).toEqual(['start 1', 'reconfigure 2', 'reconfigure 1', 'stop 1', 'start 1']);
    await part.stop();
  });

  it('is told to stop at once when it takes too long', async () => {
    let stopped: () => void = () => {};
    const stop = () => new Promise<void>((resolve) => (stopped = resolve));
    const part = await WorkerPart.start(planned(1, { stop }), surroundings);
    const ended = part.stop();
    clock.advance(7_999);
    expect(trail).toEqual(['start 1']);
    clock.advance(1);
    expect(trail).toEqual(['start 1', 'at once']);
    stopped();
    await ended;
  });

  it('that fails to stop is gone all the same', async () => {
    const stop = () => Promise.reject(new Error('stuck'));
    const part = await WorkerPart.start(planned(1, { stop }), surroundings);
    await part.stop();
    expect(log.of('error')).toEqual(['a worker failed to stop']);
    expect(engine.status.sessions).toBe(0);
  });

  it('is among the reasons for as long as it does not run as it should, and not any longer', async () => {
    const parts = new Parts((it: PlannedWorker) => WorkerPart.start(it, surroundings));
    let gap: string[] = [];
    const stop = async () => {
      gap = parts.reasons;
    };
    await parts.add(planned(1, { stop }));
    expect(parts.reasons).toEqual([]);
    broken.set(1, 9).set(2, 9);
    await expect(parts.steps([planned(2)]).changes[0]?.run()).resolves.toMatchObject({ kind: 'lost' });
    expect(gap).toEqual(['iii-test: restarting']);
    expect(parts.reasons).toEqual([
      'iii-test: does not run: 2 is broken; going back failed too: 1 is broken',
    ]);
    expect(parts.running).toEqual([]);
    broken.clear();
    const { additions, changes } = parts.steps([planned(2)]);
    expect([additions.length, changes.length, parts.reasons.length]).toEqual([1, 0, 1]);
    expect(await additions[0]?.run()).toEqual({ kind: 'done' });
    expect(parts.reasons).toEqual([]);
    await vi.waitUntil(() => engine.status.sessions === 1);
    await parts.running[0]?.stop();
  });
});
