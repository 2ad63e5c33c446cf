import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

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
