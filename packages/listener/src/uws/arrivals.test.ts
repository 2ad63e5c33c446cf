import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Turn } from '../turn.js';
import { Arrivals } from './arrivals.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setImmediate'] });
});

afterEach(() => {
  vi.useRealTimers();
});

function recipient(told: string[], during: (text: string) => void = () => {}) {
  return {
    deliver(data: Uint8Array): void {
      const text = Buffer.from(data).toString();
      told.push(text);
      during(text);
    },
  };
}

it('hands over what has come in once the turn ends', () => {
  const told: string[] = [];
  const arrivals = new Arrivals(new Turn());
  const one = recipient(told);
  arrivals.add(one, Buffer.from('a'), false);
  arrivals.add(one, Buffer.from('b'), false);
  expect(told).toEqual([]);
  vi.runAllTimers();
  expect(told).toEqual(['a', 'b']);
  arrivals.add(one, Buffer.from('c'), false);
  vi.runAllTimers();
  expect(told).toEqual(['a', 'b', 'c']);
});

it('keeps the order when it is told to go on from within', () => {
  const told: string[] = [];
  const arrivals = new Arrivals(new Turn());
  const one = recipient(told, (text) => {
    if (text === 'a') arrivals.handOver();
  });
  for (const text of ['a', 'b', 'c']) arrivals.add(one, Buffer.from(text), false);
  vi.runAllTimers();
  expect(told).toEqual(['a', 'b', 'c']);
});

it('does not wait for the end of the turn with more than 1 MiB', () => {
  const told: number[] = [];
  const arrivals = new Arrivals(new Turn());
  const one = { deliver: (data: Uint8Array) => told.push(data.length) };
  arrivals.add(one, new Uint8Array(1024 * 1024), true);
  expect(told).toEqual([]);
  arrivals.add(one, new Uint8Array(1), true);
  expect(told).toEqual([1024 * 1024, 1]);
  vi.runAllTimers();
  expect(told).toHaveLength(2);
});

it('lets what is posted meanwhile leave at the end of the same turn', () => {
  const events: string[] = [];
  const turn = new Turn();
  const arrivals = new Arrivals(turn);
  arrivals.add(
    recipient(events, () => turn.join({ flush: () => events.push('flushed') })),
    Buffer.from('a'),
    false,
  );
  setImmediate(() => events.push('next'));
  vi.runAllTimers();
  expect(events).toEqual(['a', 'flushed', 'next']);
});
