import { setTimeout as pass, setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GroupCommit, type Participant, type StoreWrites } from './group-commit.js';

const NOTHING: StoreWrites = {
  store: 's',
  durability: 'fsync',
  entries: 1,
  bytes: 1,
  writes: [],
  totals: { entries: 0, bytes: 0 },
};

/** Callers who write, wait for the answer, and write again, over a disk that takes its time. */
async function commitsOf(callers: number, writes: number, diskMs: number): Promise<number[]> {
  const sizes: number[] = [];
  let forming: Array<() => void> = [];
  let committing: Array<() => void> = [];
  const group = new GroupCommit({
    commit: async () => {
      sizes.push(committing.length);
      await pass(diskMs);
    },
  });
  const store: Participant = {
    take: () => {
      committing = forming;
      forming = [];
      return NOTHING;
    },
    succeeded: () => {
      for (const resolve of committing) resolve();
    },
    failed: () => {},
  };
  const write = () =>
    new Promise<void>((resolve) => {
      forming.push(resolve);
      group.request(store);
    });
  await Promise.all(
    Array.from({ length: callers }, async (_, caller) => {
      // Half of them a moment later, when the first commit is on its way.
      if (caller % 2 === 1) await pass(diskMs / 2);
      for (let n = 0; n < writes; n++) await write();
    }),
  );
  return sizes;
}

describe('commits together', () => {
  it('find all who write, wait and write again in one, where the disk is slow', async () => {
    const sizes = await commitsOf(16, 12, 20);
    expect(sizes[0]).toBe(8);
    expect(sizes.filter((size) => size === 16).length).toBeGreaterThanOrEqual(10);
  });

  it('do not keep one waiting who is alone', async () => {
    const sizes = await commitsOf(1, 5, 20);
    expect(sizes).toEqual([1, 1, 1, 1, 1]);
  });

  it('are on their way to the disk again before those who were in the last one go on', async () => {
    const events: string[] = [];
    const ends: Array<() => void> = [];
    const group = new GroupCommit({
      commit: () => {
        events.push('commit');
        return new Promise((resolve) => ends.push(resolve));
      },
    });
    const participant = (name: string) => {
      let resolve = () => {};
      void new Promise<void>((go) => {
        resolve = go;
      }).then(() => events.push(`${name} goes on`));
      return {
        take: () => ({ ...NOTHING, store: name }),
        succeeded: () => {
          events.push(`${name} is told`);
          resolve();
        },
        failed: () => {},
      };
    };
    group.request(participant('a'));
    await turnOfTheLoop();
    group.request(participant('b'));
    ends.shift()?.();
    await turnOfTheLoop();
    expect(events).toEqual(['commit', 'a is told', 'commit', 'a goes on']);
    ends.shift()?.();
    await turnOfTheLoop();
    expect(events.slice(4)).toEqual(['b is told', 'b goes on']);
  });
});
