import { describe, expect, it } from 'vitest';
import { table, verdict } from './text.js';

describe('table', () => {
  it('aligns every column to its widest cell', () => {
    const text = table(
      ['driver', 'rate'],
      [
        ['uws', '12345678'],
        ['a long one', '1'],
      ],
    );
    expect(text).toBe('driver      rate\nuws         12345678\na long one  1');
  });

  it('has no spaces at the ends of its lines', () => {
    expect(table(['a', 'wide title'], [['x', '']])).toBe('a  wide title\nx');
  });

  it('without rows is its titles', () => {
    expect(table(['a', 'b'], [])).toBe('a  b');
  });
});

describe('verdict', () => {
  it('tells a ratio that has to be large', () => {
    expect(verdict(1.234, { atLeast: 1 })).toBe('1.23x (target at least 1.00x: met)');
    expect(verdict(0.87, { atLeast: 1 })).toBe('0.87x (target at least 1.00x: missed)');
  });

  it('tells a ratio that has to be small', () => {
    expect(verdict(1.3, { atMost: 1.3 })).toBe('1.30x (target at most 1.30x: met)');
    expect(verdict(1.4, { atMost: 1.3 })).toBe('1.40x (target at most 1.30x: missed)');
  });

  it('a ratio that is no number misses', () => {
    expect(verdict(Number.NaN, { atMost: 1.3 })).toContain('missed');
    expect(verdict(Number.NaN, { atLeast: 1 })).toContain('missed');
  });
});
