import { describe, expect, it } from 'vitest';
import { OfflineQueue } from './offline-queue.js';

describe('the offline queue', () => {
  it('hands out what it was given, in order, once', () => {
    const queue = new OfflineQueue();
    queue.push({ size: 1 }, 'a');
    queue.push({ size: 2 });
    expect(queue.drain().map(({ outgoing, invocationId }) => [outgoing.size, invocationId])).toEqual([
      [1, 'a'],
      [2, undefined],
    ]);
    expect([queue.size, queue.drain()]).toEqual([0, []]);
  });

  it('takes no more than it may, in messages and in bytes, and again when it is empty', () => {
    const few = new OfflineQueue({ messages: 1, bytes: 100 });
    expect([few.push({ size: 1 }), few.push({ size: 1 })]).toEqual([true, false]);
    const small = new OfflineQueue({ messages: 10, bytes: 100 });
    expect([small.push({ size: 60 }), small.push({ size: 41 }), small.push({ size: 40 })]).toEqual([
      true,
      false,
      true,
    ]);
    small.clear();
    expect(small.push({ size: 100 })).toBe(true);
  });

  it('gives back the room of a call that is taken out, and keeps the order of the others', () => {
    const queue = new OfflineQueue({ messages: 3, bytes: 100 });
    queue.push({ size: 1 }, 'a');
    queue.push({ size: 90 }, 'b');
    queue.push({ size: 2 });
    queue.remove('b');
    queue.remove('b');
    queue.remove('unknown');
    expect(queue.push({ size: 97 }, 'c')).toBe(true);
    expect(queue.drain().map(({ outgoing }) => outgoing.size)).toEqual([1, 2, 97]);
  });
});
