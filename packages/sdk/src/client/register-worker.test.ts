/* biome-ignore-all lint/suspicious/noConsole: what is printed is what is tested */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ScriptedEngine } from '../test-support.js';
import type { IIIClient } from '../types/client.js';
import type { InitOptions } from './options.js';
import { registerWorker } from './register-worker.js';

describe('registerWorker', () => {
  let engine: ScriptedEngine;
  const workers: IIIClient[] = [];

  beforeEach(async () => {
    engine = await ScriptedEngine.start();
    vi.spyOn(console, 'debug').mockImplementation(() => {});
  });

  afterEach(async () => {
    for (const worker of workers.splice(0)) await worker.shutdown();
    await engine.stop();
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  function register(address?: string, options?: InitOptions): IIIClient {
    const worker = registerWorker(address, options);
    workers.push(worker);
    return worker;
  }

  it('connects, announces itself and answers calls', async () => {
    const worker = register(engine.url, { workerName: 'math', headers: { authorization: 'secret' } });
    worker.registerFunction('math::add', ({ a, b }: { a: number; b: number }) => ({ c: a + b }));
    const connection = await engine.connection(0);
    expect(connection.headers.authorization).toBe('secret');
    const announce = await connection.frame((frame) => frame.function_id === 'engine::workers::register');
    expect(announce.data).toMatchObject({ name: 'math' });
    connection.send({ type: 'workerregistered', worker_id: 'w', reattach_token: 't' });
    await worker.ready();
    connection.send({
      type: 'invokefunction',
      invocation_id: 'i',
      function_id: 'math::add',
      data: { a: 2, b: 3 },
    });
    const answer = await connection.frame((frame) => frame.type === 'invocationresult');
    expect(answer).toEqual({
      type: 'invocationresult',
      invocation_id: 'i',
      function_id: 'math::add',
      result: { c: 5 },
    });
    expect(console.debug).toHaveBeenCalledWith('[iii] Worker registered with ID: w');
  });

  it('reattaches and replays after a loss, before anything else', async () => {
    const worker = register(engine.url, { reconnectionConfig: { initialDelayMs: 1 } });
    worker.registerFunction('f', () => 1);
    const first = await engine.connection(0);
    first.send({ type: 'workerregistered', worker_id: 'w', reattach_token: 't' });
    await worker.ready();
    first.socket.terminate();
    const second = await engine.connection(1);
    await second.frame((frame) => frame.type === 'registerfunction');
    expect(second.frames.map(({ type }) => type)).toEqual(['reattach', 'invokefunction', 'registerfunction']);
    expect(console.debug).toHaveBeenCalledWith(
      expect.stringMatching(/^\[iii\] Reconnecting in \d+ms \(attempt 1\)\.\.\.$/),
    );
  });

  it('finds the engine by its environment', async () => {
    vi.stubEnv('III_URL', engine.url);
    const worker = register();
    await engine.connection(0);
    expect(worker.getAddress()).toBe(engine.url);
  });

  it('refuses an address that is none, at once', () => {
    expect(() => registerWorker('nonsense')).toThrow('Invalid URL');
  });

  it('prints what the engine says of triggers and functions it refused', async () => {
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const worker = register(engine.url);
    const connection = await engine.connection(0);
    connection.send({
      type: 'triggerregistrationresult',
      id: 'T',
      trigger_type: 'http',
      function_id: 'f',
      error: { code: 'c', message: 'bad path' },
    });
    connection.send({
      type: 'registrationrejected',
      code: 'FUNCTION_NAMESPACE_CONFLICT',
      namespace: 'default',
      function_id: 'f',
      owner_worker_id: 'w-9',
    });
    connection.send({ type: 'workerregistered', worker_id: 'w' });
    await worker.ready();
    expect(error).toHaveBeenCalledExactlyOnceWith(
      '[iii] Trigger registration failed for "T" (http): bad path',
    );
    expect(warn).toHaveBeenCalledExactlyOnceWith(
      '[iii] Function registration rejected: function "f" in namespace "default" is already exported by worker w-9. ' +
        'The worker stays connected and keeps serving its other functions.',
    );
  });
});
