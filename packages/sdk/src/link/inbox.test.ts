import { describe, expect, it } from 'vitest';
import { Inbox, LONGEST_AT_ONCE } from './inbox.js';

const turn = () => new Promise((resolve) => setImmediate(resolve));
const long = (name: string) => name.repeat(LONGEST_AT_ONCE + 1);

function setup() {
  const read: string[] = [];
  const inbox = new Inbox((text) => read.push(text.slice(0, 1)));
  const take = (...texts: readonly string[]) => {
    for (const text of texts) inbox.take(text);
  };
  return { inbox, read, take };
}

describe('an inbox', () => {
  it('reads what is not long at once', () => {
    const { read, take } = setup();
    take('a', 'b'.repeat(LONGEST_AT_ONCE));
    expect(read).toEqual(['a', 'b']);
  });

  it('reads each long text in a turn of its own, and in their order what comes behind it', async () => {
    const { read, take } = setup();
    take('a', long('b'), 'c', 'd', long('e'), 'f');
    expect(read).toEqual(['a']);
    await turn();
    expect(read).toEqual(['a', 'b', 'c', 'd']);
    take('g');
    expect(read).toEqual(['a', 'b', 'c', 'd']);
    await turn();
    expect(read).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    take('h');
    expect(read.at(-1)).toBe('h');
  });

  it('reads all there is when it is told to, once', async () => {
    const { inbox, read, take } = setup();
    take(long('a'), 'b', long('c'));
    inbox.finish();
    expect(read).toEqual(['a', 'b', 'c']);
    take(long('d'));
    await turn();
    await turn();
    expect(read).toEqual(['a', 'b', 'c', 'd']);
  });

  it('forgets what it is told to forget, also while it reads', async () => {
    const { inbox, read, take } = setup();
    take(long('a'), 'b');
    inbox.drop();
    await turn();
    expect(read).toEqual([]);
    const heard: string[] = [];
    const other = new Inbox((text) => {
      heard.push(text.slice(0, 1));
      other.drop();
    });
    for (const text of [long('a'), 'b', long('c')]) other.take(text);
    await turn();
    await turn();
    expect(heard).toEqual(['a']);
  });
});
