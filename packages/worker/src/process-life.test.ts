import { EventEmitter } from 'node:events';
import { silentLog } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { runUntilSignal, type Stoppable } from './process-life.js';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit = ((code: number) => void this.exits.push(code)) as never;
}

function setup(running: Stoppable, stopTimeoutMs?: number) {
  const process = new FakeProcess();
  const status = runUntilSignal(running, {
    log: silentLog,
    process: process as never,
    ...(stopTimeoutMs === undefined ? {} : { stopTimeoutMs }),
  });
  return { process, status };
}

describe('a process that runs until a signal', () => {
  it.each(['SIGINT', 'SIGTERM'])('stops on %s and ends with 0', async (signal) => {
    let stopped = 0;
    const { process, status } = setup({ stop: async () => void stopped++ });
    process.emit(signal);
    expect(await status).toBe(0);
    expect([stopped, process.exits]).toEqual([1, []]);
    expect(process.listenerCount(signal)).toBe(0);
  });

  it('ends at once on the second signal', async () => {
    let finish: () => void = () => {};
    const { process, status } = setup({ stop: () => new Promise((resolve) => (finish = resolve)) });
    process.emit('SIGINT');
    await Promise.resolve();
    process.emit('SIGTERM');
    expect(process.exits).toEqual([143]);
    process.emit('SIGINT');
    expect(process.exits).toEqual([143, 130]);
    finish();
    expect(await status).toBe(0);
  });

  it('ends with 1 when stopping fails or takes too long', async () => {
    const failing = setup({ stop: () => Promise.reject(new Error('stuck')) });
    failing.process.emit('SIGINT');
    expect(await failing.status).toBe(1);
    const slow = setup({ stop: () => new Promise(() => {}) }, 1);
    slow.process.emit('SIGINT');
    expect(await slow.status).toBe(1);
  });
});
