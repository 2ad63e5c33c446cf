import { expect, it } from 'vitest';
import { casesOf, titleOf } from './cases.js';

const CHOICE = { inFlight: [1, 16, 64, 256], payloads: [64, 1_024, 65_536], workers: [1, 4], all: false };

it('varies one thing at a time', () => {
  expect(casesOf(CHOICE).map(titleOf)).toEqual([
    '1 in flight, 64 B, one worker',
    '16 in flight, 64 B, one worker',
    '16 in flight, 1 KiB, one worker',
    '16 in flight, 64 KiB, one worker',
    '64 in flight, 64 B, one worker',
    '256 in flight, 64 B, one worker',
    '64 in flight, 64 B, 4 workers',
  ]);
});

it('takes every combination where that is asked for', () => {
  expect(casesOf({ ...CHOICE, all: true })).toHaveLength(4 * 3 * 2);
});

it('has a case for a choice of one, whatever it is', () => {
  const only = { inFlight: [7], payloads: [1_048_576], workers: [3], all: false };
  expect(casesOf(only).map(titleOf)).toEqual(['7 in flight, 1 MiB, 3 workers']);
});
