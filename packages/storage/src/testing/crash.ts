import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { crashStorage } from './crash-storage.js';

/** `pnpm --filter iii-storage crash -- --cycles 1000`: kills writers, and says what became of what they wrote. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    args: process.argv.slice(2).filter((word) => word !== '--'),
    options: {
      cycles: { type: 'string', default: '1000' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
      directory: { type: 'string' },
    },
  });
  const cycles = Number(values.cycles);
  const seed = Number(values.seed);
  const directory = values.directory ?? (await mkdtemp(path.join(tmpdir(), 'iii-crash-')));
  const began = performance.now();
  say(`${cycles} cycles in ${directory}, seed ${seed}`);
  const progress = (cycle: number, acknowledged: number) => {
    if (cycle % 50 === 0) say(`${cycle} cycles, ${acknowledged} transactions acknowledged, all there`);
  };
  const { kills, acknowledged } = await crashStorage({ directory, cycles, seed, progress });
  const { size } = await stat(path.join(directory, 'data.mdb'));
  const seconds = ((performance.now() - began) / 1_000).toFixed(1);
  say(
    `${kills} kills in ${seconds} s; ${acknowledged} transactions acknowledged, none lost; file of ${size} bytes`,
  );
  if (values.directory === undefined) await rm(directory, { recursive: true });
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

void main();
