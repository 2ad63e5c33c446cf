import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { median, percentile, ratioOf, spread } from './statistics.js';

describe('median', () => {
  it('is the one in the middle, whatever the order', () => {
    expect(median([9, 1, 5])).toBe(5);
  });

  it('lies between the two in the middle of an even number', () => {
    expect(median([10, 1, 2, 4])).toBe(3);
  });

  it('of nothing is no number', () => {
    expect(median([])).toBeNaN();
  });

  it('sorts as numbers, not as text', () => {
    expect(median([100, 9, 20])).toBe(20);
  });
});

describe('percentile', () => {
  const hundred = Array.from({ length: 100 }, (_, at) => 100 - at);

  it('is the figure that so many of a hundred do not exceed', () => {
    expect(percentile(hundred, 50)).toBe(50);
    expect(percentile(hundred, 99)).toBe(99);
    expect(percentile(hundred, 100)).toBe(100);
  });

  it('of 0 percent is the smallest', () => {
    expect(percentile(hundred, 0)).toBe(1);
  });

  it('of one figure is that figure', () => {
    expect(percentile([7], 99)).toBe(7);
  });

  it('of nothing is no number', () => {
    expect(percentile([], 99)).toBeNaN();
  });

  it('leaves no more than the rest above it, and is one of the figures', () => {
    const figures = fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 });
    fc.assert(
      fc.property(figures, fc.integer({ min: 1, max: 100 }), (values, percent) => {
        const found = percentile(values, percent);
        expect(values).toContainEqual(found);
        const notAbove = values.filter((value) => value <= found).length;
        expect(notAbove / values.length).toBeGreaterThanOrEqual(percent / 100 - 1e-9);
      }),
    );
  });
});

describe('ratioOf', () => {
  it('compares round by round, so that a machine that slows down for both changes nothing', () => {
    expect(ratioOf([100, 50, 10], [200, 100, 20])).toBe(0.5);
  });

  it('is not moved by one round that went wrong', () => {
    expect(ratioOf([100, 1, 100], [100, 100, 100])).toBe(1);
  });

  it('is no number where a round has no counterpart', () => {
    expect(ratioOf([1], [])).toBeNaN();
  });
});

it('the spread is half of how far figures lie apart, by their median', () => {
  expect(spread([8, 10, 12])).toBeCloseTo(0.2);
  expect(spread([5])).toBe(0);
});
