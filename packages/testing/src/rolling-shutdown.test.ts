import type { IIIClient } from 'iii-sdk';
import { expect, it } from 'vitest';
import { describeBothWays, heard } from './test-support.js';

const CALLS = 2_000;
const AT_ONCE = 32;
const REPLACEMENTS = 20;

/** Keeps calling `who` for as long as `goesOn` says, which hears how many calls have been answered. */
async function callOn(caller: IIIClient, goesOn: (answered: number) => boolean) {
  const answers: unknown[] = [];
  const failures: unknown[] = [];
  const callInTurn = async () => {
    while (goesOn(answers.length)) {
      await caller.trigger({ function_id: 'who' }).then(
        (answer) => answers.push(answer),
        (error: unknown) => failures.push(error),
      );
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, callInTurn));
  return { answers, failures };
}

/** Answers after a turn of the event loop, so that there is always something running. */
async function offer(worker: IIIClient, name: string): Promise<void> {
  worker.registerFunction('who', () => new Promise((resolve) => setImmediate(resolve, name)));
  await heard(worker);
}

describeBothWays('of workers', (stage) => {
  it('one of two can leave under load without a call failing', async () => {
    const leaving = await stage.workers.connect('leaving');
    const staying = await stage.workers.connect('staying');
    await offer(leaving, 'leaving');
    await offer(staying, 'staying');
    const caller = await stage.workers.connect('caller');
    let shutdown: Promise<void> | undefined;
    let made = 0;
    const { answers, failures } = await callOn(caller, (answered) => {
      if (answered > CALLS / 4) shutdown ??= leaving.shutdown({ drainMs: 10_000 });
      return made++ < CALLS;
    });
    await shutdown;
    expect(failures).toEqual([]);
    expect(answers).toHaveLength(CALLS);
    expect(answers.indexOf('leaving')).toBeLessThan(CALLS / 4);
    expect(new Set(answers.slice(-CALLS / 2))).toEqual(new Set(['staying']));
    expect(leaving.getConnectionState()).toBe('disconnected');
  });

  it('each can be replaced under load, though it is idle between two calls, without a call failing', async () => {
    const caller = await stage.workers.connect('caller');
    const join = async (name: string) => {
      const worker = await stage.workers.connect(name);
      worker.registerFunction('who', () => name);
      await heard(worker);
      return worker;
    };
    let current = await join('worker 0');
    let isDeploying = true;
    const calls = callOn(caller, () => isDeploying);
    for (let n = 1; n <= REPLACEMENTS; n++) {
      const next = await join(`worker ${n}`);
      await current.shutdown({ drainMs: 10_000 });
      current = next;
    }
    isDeploying = false;
    const { answers, failures } = await calls;
    expect(failures).toEqual([]);
    expect(new Set(answers).size).toBeGreaterThan(REPLACEMENTS / 2);
  });

  it('one that leaves finishes the calls its handlers make', async () => {
    const leaving = await stage.workers.connect('leaving');
    await offer(await stage.workers.connect('staying'), 'staying');
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
    const caller = await stage.workers.connect('caller');
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
