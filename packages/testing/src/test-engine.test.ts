import { Type } from 'iii-protocol/schema';
import { registerWorker } from 'iii-sdk';
import { ConfigError, defineWorker } from 'iii-worker';
import { describe, expect, it, vi } from 'vitest';
import { TestEngine } from './test-engine.js';

const echoWorker = (log: string[]) =>
  defineWorker({
    name: 'iii-echo',
    aliases: ['echo'],
    version: '1.0.0',
    description: 'Says what it is told.',
    config: Type.Object({ prefix: Type.String({ default: '> ' }) }, { additionalProperties: false }),
    async start({ iii, config, signal }) {
      iii.registerFunction('echo::say', (text: string) => config.prefix + text);
      signal.addEventListener('abort', () => log.push('aborted'));
      return { extra: 5, stop: async () => void log.push('stopped') };
    },
  });

describe('a test engine', () => {
  it('connects clients in memory', async () => {
    await using engine = new TestEngine();
    const worker = await engine.client('math');
    worker.registerFunction('math::add', ({ a, b }: { a: number; b: number }) => ({ c: a + b }));
    const caller = await engine.client('caller');
    expect(await caller.trigger({ function_id: 'math::add', payload: { a: 2, b: 3 } })).toEqual({ c: 5 });
  });

  it('starts workers with a checked configuration, and stops them at its end', async () => {
    const log: string[] = [];
    const engine = new TestEngine();
    await engine.start(echoWorker(log), { prefix: '! ' });
    const caller = await engine.client();
    expect(await caller.trigger({ function_id: 'echo::say', payload: 'hi' })).toBe('! hi');
    await expect(engine.start(echoWorker([]), { prefx: '' })).rejects.toThrow(ConfigError);
    await engine.close();
    expect(log).toEqual(['stopped', 'aborted']);
    expect(caller.getConnectionState()).toBe('disconnected');
  });

  it('takes clients over a socket', async () => {
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    await using engine = new TestEngine();
    const inside = await engine.client();
    inside.registerFunction('inside::f', () => 'here');
    const outside = registerWorker(await engine.listen());
    expect(await outside.trigger({ function_id: 'inside::f' })).toBe('here');
    await outside.shutdown();
  });

  it('runs on a clock that stands still', async () => {
    await using engine = new TestEngine({ clock: 'manual' });
    const caller = await engine.client();
    caller.registerFunction('never', () => new Promise(() => {}));
    const answer = caller
      .trigger({ function_id: 'never', timeoutMs: 60_000 })
      .catch((error: unknown) => error);
    await engine.clock.advanceAsync(61_000);
    expect(await answer).toMatchObject({ code: 'TIMEOUT' });
  });

  it('says how to get such a clock', () => {
    expect(() => new TestEngine().clock).toThrow("clock: 'manual'");
  });
});
