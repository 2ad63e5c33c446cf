import { describe, expect, it } from 'vitest';
import { maskOptions } from './masks.js';

describe('the masks of what is sent', () => {
  it.each([
    'ws://127.0.0.1:49134',
    'ws://127.9.9.9/x?y=1',
    'ws://localhost',
    'ws://LOCALHOST:1',
    'ws://[::1]:80/',
  ])('are zeros on the way to %s', (address) => {
    for (const each of [address, new URL(address)]) {
      const mask = Buffer.from([1, 2, 3, 4]);
      maskOptions(each).generateMask?.(mask);
      expect([...mask]).toEqual([0, 0, 0, 0]);
    }
  });

  it.each([
    'ws://10.0.0.1:49134',
    'ws://128.0.0.1',
    'ws://127.0.0.1.example.com',
    'ws://localhost.example.com',
    'ws://notlocalhost',
    'ws://[::2]',
    'ws://[fe80::1]',
    'no address',
  ])('are the library’s on the way to %s', (address) => {
    expect(maskOptions(address)).toEqual({});
  });
});
