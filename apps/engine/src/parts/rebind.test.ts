import { ListenerError } from 'iii-listener';
import { describe, expect, it } from 'vitest';
import { type Rebinding, rebind } from './rebind.js';

const TAKEN = new ListenerError('address_in_use', '127.0.0.1:2 is already in use');

/** A rebinding whose steps are written down; `opens` are the outcomes of opening the new one, in turn. */
function steps(opens: ReadonlyArray<string | Error>, given: Partial<Rebinding<string>> = {}) {
  const trail: string[] = [];
  const outcomes = [...opens];
  const rebinding: Rebinding<string> = {
    port: 1,
    toPort: 2,
    isElsewhere: true,
    open: async () => {
      trail.push('open');
      const outcome = outcomes.shift() ?? 'unexpected';
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
    release: async () => void trail.push('release'),
    gap: () => void trail.push('gap'),
    restore: async () => {
      trail.push('restore');
      return 'old again';
    },
    ...given,
  };
  return { rebinding, trail };
}

describe('going to another address', () => {
  it('opens the new one before the old one closes', async () => {
    const { rebinding, trail } = steps(['new']);
    expect(await rebind(rebinding)).toEqual({ kind: 'moved', bound: 'new' });
    expect(trail).toEqual(['open', 'release']);
  });

  it('leaves the old one alone when the new one cannot be', async () => {
    const { rebinding, trail } = steps([TAKEN]);
    expect(await rebind(rebinding)).toEqual({ kind: 'kept', error: TAKEN });
    expect(trail).toEqual(['open']);
  });

  it('makes room where the old one itself is in the way', async () => {
    const { rebinding, trail } = steps([TAKEN, 'new'], { toPort: 1 });
    expect(await rebind(rebinding)).toEqual({ kind: 'moved', bound: 'new' });
    expect(trail).toEqual(['open', 'gap', 'release', 'open']);
  });

  it('does not try both at a time on the same address', async () => {
    const { rebinding, trail } = steps(['new'], { isElsewhere: false, toPort: 1 });
    expect(await rebind(rebinding)).toEqual({ kind: 'moved', bound: 'new' });
    expect(trail).toEqual(['gap', 'release', 'open']);
  });

  it('opens the old one again when it had to go first', async () => {
    const { rebinding, trail } = steps([TAKEN], { isElsewhere: false });
    expect(await rebind(rebinding)).toEqual({ kind: 'kept', bound: 'old again', error: TAKEN });
    expect(trail).toEqual(['gap', 'release', 'open', 'restore']);
  });

  it('tells both reasons when neither can be', async () => {
    const restore = () => Promise.reject(new Error('somebody else has it'));
    const { rebinding } = steps([new Error('no such host')], { isElsewhere: false, restore });
    expect(await rebind(rebinding)).toMatchObject({
      kind: 'lost',
      error: { message: 'no such host; going back failed too: somebody else has it' },
    });
  });
});
