import { type IIIClient, registerWorker } from 'iii-sdk';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TestEngine } from './test-engine.js';

const CALLS = 2_000;
const AT_ONCE = 32;

/** Answers after a turn of the event loop, so that there is always something running. */
async function offer(worker: IIIClient, name: string): Promise<void> {
  worker.registerFunction('who', () => new Promise((resolve) => setImmediate(resolve, name)));
  await heard(worker);
}

/** Resolves once the engine has acted on what the worker has told it. */
async function heard(worker: IIIClient): Promise<void> {
  await worker.trigger({ function_id: 'engine::functions::list', payload: {} });
}

describe.each(['in memory', 'over a socket'])('of two workers %s', (kind) => {
  let engine: TestEngine;
  let connect: (name: string) => Promise<IIIClient>;
  const clients: IIIClient[] = [];

  beforeEach(async () => {
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    engine = new TestEngine();
    const address = await engine.listen();
    connect = async (workerName) => {
      if (kind === 'in memory') return engine.client(workerName);
      const client = registerWorker(address, { workerName });
      clients.push(client);
      await client.ready();
      return client;
    };
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) await client.shutdown();
    await engine.close();
    vi.restoreAllMocks();
  });

  it('one can leave under load without a call failing', async () => {
    const leaving = await connect('leaving');
    const staying = await connect('staying');
    await offer(leaving, 'leaving');
    await offer(staying, 'staying');
    const caller = await connect('caller');
    const answers: unknown[] = [];
    const failures: unknown[] = [];
    let shutdown: Promise<void> | undefined;
    let made = 0;
    const callOn = async () => {
      while (made++ < CALLS) {
        await caller.trigger({ function_id: 'who' }).then(
          (answer) => answers.push(answer),
          (error: unknown) => failures.push(error),
        );
        if (answers.length > CALLS / 4) shutdown ??= leaving.shutdown({ drainMs: 10_000 });
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, callOn));
    await shutdown;
    expect(failures).toEqual([]);
    expect(answers).toHaveLength(CALLS);
    expect(answers.indexOf('leaving')).toBeLessThan(CALLS / 4);
    expect(new Set(answers.slice(-CALLS / 2))).toEqual(new Set(['staying']));
    expect(leaving.getConnectionState()).toBe('disconnected');
  });

  it('one that leaves finishes the calls its handlers make', async () => {
    const leaving = await connect('leaving');
    await offer(await connect('staying'), 'staying');
    let begun: () => void = () => {};
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    let go: () => void = () => {};
    const mayGo = new Promise<void>((resolve) => (go = resolve));
    leaving.registerFunction('ask', async () => {
      begun();
      await mayGo;
      return leaving.trigger({ function_id: 'who' });
    });
    await heard(leaving);
    const caller = await connect('caller');
    const answer = caller.trigger({ function_id: 'ask' });
    await hasBegun;
    const done = leaving.shutdown({ drainMs: 10_000 });
    go();
    expect(await answer).toBe('staying');
    await done;
    await expect(caller.trigger({ function_id: 'ask' })).rejects.toMatchObject({
      code: 'function_not_found',
    });
  });
});
