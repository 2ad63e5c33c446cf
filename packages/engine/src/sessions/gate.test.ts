import { describe, expect, it } from 'vitest';
import { type GatedFrame, RegistrationGate } from './gate.js';

function setup(limits = { maxHeldFrames: 10, maxHeldBytes: 1000 }) {
  const applied: string[] = [];
  const gate: RegistrationGate = new RegistrationGate(limits, (frame, namespace) => {
    applied.push(`${frame.type} ${'id' in frame ? frame.id : ''} in ${namespace}`);
    if (frame.id === 'nested') gate.admit(register('after nested'), 10);
    if (frame.id === 'abort') gate.abort();
  });
  return { gate, applied };
}

const register = (id: string): GatedFrame => ({ type: 'registerfunction', id });
const withdraw = (id: string): GatedFrame => ({ type: 'unregisterfunction', id });

describe('the registration gate', () => {
  it('holds registrations until the namespace is known, then applies them in order', () => {
    const { gate, applied } = setup();
    expect(gate.admit(register('a'), 10)).toBe('held');
    expect(gate.admit(withdraw('a'), 10)).toBe('held');
    expect(gate.namespace).toBeUndefined();
    expect(applied).toEqual([]);
    expect(gate.resolve('shop')).toBe(true);
    expect(gate.phase).toBe('resolved');
    expect(gate.admit(register('b'), 10)).toBe('applied');
    expect(applied).toEqual([
      'registerfunction a in shop',
      'unregisterfunction a in shop',
      'registerfunction b in shop',
    ]);
  });

  it('fixes the namespace once', () => {
    const { gate } = setup();
    gate.resolve('shop');
    expect(gate.resolve('other')).toBe(false);
    expect(gate.namespace).toBe('shop');
  });

  it('puts what arrives during the drain behind what was held', () => {
    const { gate, applied } = setup();
    for (const id of ['nested', 'last held']) gate.admit(register(id), 10);
    gate.resolve('default');
    expect(applied.map((line) => line.split(' ').slice(1).join(' '))).toEqual([
      'nested in default',
      'last held in default',
      'after nested in default',
    ]);
  });

  it('swallows everything after its end, also in the middle of the drain', () => {
    const { gate, applied } = setup();
    for (const id of ['abort', 'never']) gate.admit(register(id), 10);
    gate.resolve('default');
    expect(applied).toEqual(['registerfunction abort in default']);
    expect(gate.admit(register('late'), 10)).toBe('dropped');
    expect(gate.phase).toBe('aborted');
    expect(gate.resolve('default')).toBe(false);
  });

  it('knows which functions wait, and runs what is deferred behind them', () => {
    const { gate, applied } = setup();
    gate.admit(register('a'), 10);
    gate.admit(register('gone'), 10);
    gate.admit(withdraw('gone'), 10);
    expect([gate.holdsFunction('a'), gate.holdsFunction('gone'), gate.holdsFunction('b')]).toEqual([
      true,
      false,
      false,
    ]);
    expect(gate.defer(() => applied.push('deferred'), 10)).toBe('held');
    gate.resolve('default');
    expect(applied.at(-1)).toBe('deferred');
    expect(gate.holdsFunction('a')).toBe(false);
    expect(gate.defer(() => {}, 10)).toBe('dropped');
  });

  it('holds no more than it may, in frames and in bytes', () => {
    const frames = setup({ maxHeldFrames: 2, maxHeldBytes: 1000 }).gate;
    expect([1, 2, 3].map(() => frames.admit(register('x'), 1))).toEqual(['held', 'held', 'overflow']);
    const bytes = setup({ maxHeldFrames: 10, maxHeldBytes: 100 }).gate;
    expect(bytes.admit(register('x'), 60)).toBe('held');
    expect(bytes.defer(() => {}, 41)).toBe('overflow');
    expect(bytes.admit(register('x'), 40)).toBe('held');
  });
});
