import { describe, expect, it } from 'vitest';
import { StopSignal } from './stop-signal.js';

describe('a stop signal', () => {
  it('tells everyone who listens, once and with the first reason', () => {
    const signal = new StopSignal();
    const heard: unknown[] = [];
    const dropped = () => heard.push('dropped');
    signal.addEventListener('abort', () => heard.push(signal.reason));
    signal.addEventListener('abort', dropped);
    signal.removeEventListener('abort', dropped);
    expect(signal.aborted).toBe(false);
    signal.abort('cancelled');
    signal.abort('released');
    expect([signal.aborted, signal.reason, heard]).toEqual([true, 'cancelled', ['cancelled']]);
  });
});
