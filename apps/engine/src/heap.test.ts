import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { growthFor } from './heap.js';

/** Keeps what it makes, so that the young generation has every reason to grow, and tells its largest size in MiB. */
const BURST = `
import { prepareHeap } from 'iii-server';
import { getHeapSpaceStatistics } from 'node:v8';
prepareHeap();
const kept = [];
let largest = 0;
for (let turn = 0; turn < 60; turn++) {
  for (let n = 0; n < 10_000; n++) kept.push({ turn, n: [n] });
  await new Promise((resolve) => setTimeout(resolve));
  const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
  largest = Math.max(largest, young.space_size / 2 ** 20);
}
console.log(largest);
`;

async function largestYoungMiB(...nodeArgs: string[]): Promise<number> {
  const args = [...nodeArgs, '--input-type=module', '-e', BURST];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  return Number(stdout);
}

it('lets the young generation grow to 8 MiB of each half, and no further', async () => {
  expect(await largestYoungMiB()).toBe(16);
});

it('leaves it as large as Node is told to make it', async () => {
  expect(await largestYoungMiB('--min-semi-space-size=16', '--max-semi-space-size=16')).toBe(32);
});

it('lets what is old grow by 48 MiB, and leaves it to V8 where that is more than 24', () => {
  expect([6, 16, 24].map((mib) => growthFor(mib * 2 ** 20))).toEqual([800, 300, 200]);
  expect([25, 1_000].map((mib) => growthFor(mib * 2 ** 20))).toEqual([0, 0]);
});

/** Has what outlives the young generation go by, and tells by how many MiB the old one grew until it was collected. */
const FLOW = `
import { prepareHeap } from 'iii-server';
import { getHeapSpaceStatistics } from 'node:v8';
prepareHeap();
const kept = new Array(20_000);
let [least, most] = [Infinity, 0];
for (let n = 0; n < 4_000_000; n++) {
  kept[n % kept.length] = { n, text: [n] };
  if (n % 10_000 !== 0) continue;
  await new Promise((resolve) => setTimeout(resolve));
  // By then, what comes with the start is over.
  if (n < 1_000_000) continue;
  const old = getHeapSpaceStatistics().find((space) => space.space_name === 'old_space');
  [least, most] = [Math.min(least, old.space_used_size), Math.max(most, old.space_used_size)];
}
console.log((most - least) / 2 ** 20);
`;

it('has V8 go by that', async () => {
  // What outlives a MiB is old; and V8 would have that grow by a few hundred.
  const flags = ['--max-semi-space-size=1', '--heap-growing-percent=4000'];
  const args = [...flags, '--input-type=module', '-e', FLOW];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: import.meta.dirname });
  expect(Number(stdout)).toBeGreaterThan(40);
  expect(Number(stdout)).toBeLessThan(72);
});
