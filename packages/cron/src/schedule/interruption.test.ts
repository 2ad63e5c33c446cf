import { expect, it } from 'vitest';
import { Interruption } from './interruption.js';

it('an interruption tells everyone who listens, once, and why', () => {
  const interruption = new Interruption();
  const told: string[] = [];
  const gone = () => told.push('gone');
  interruption.addEventListener('abort', () => {
    told.push('first');
    interruption.removeEventListener('abort', gone);
  });
  interruption.addEventListener('abort', () => told.push(`second: ${String(interruption.aborted)}`));
  interruption.addEventListener('abort', gone);
  interruption.removeEventListener('abort', gone);
  expect([interruption.aborted, interruption.reason]).toEqual([false, undefined]);
  const reason = new Error('stopping');
  interruption.abort(reason);
  interruption.abort(new Error('again'));
  expect(told).toEqual(['first', 'second: true']);
  expect([interruption.aborted, interruption.reason]).toEqual([true, reason]);
});

it('an interruption that has been tells nobody any more: whoever comes late can see it', () => {
  const interruption = new Interruption();
  interruption.abort(new Error('stopping'));
  interruption.addEventListener('abort', () => expect.unreachable());
  interruption.abort(new Error('again'));
  expect(interruption.aborted).toBe(true);
});
