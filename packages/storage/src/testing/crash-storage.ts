import { createRequire } from 'node:module';
import path from 'node:path';
import { openStorage } from '../directory/directory-storage.js';
import { crashCycles, seededRandom } from './crash-cycles.js';
import { checkSteps, headOf, WRITERS } from './crash-work.js';

export interface CrashStorage {
  readonly directory: string;
  readonly cycles: number;
  readonly seed: number;
  /** Told after each cycle that ended well. */
  readonly progress?: (cycle: number, acknowledged: number) => void;
}

/** What the cycles have shown. */
export interface CrashResult {
  readonly kills: number;
  /** Steps that were acknowledged, all of which were there afterwards. */
  readonly acknowledged: number;
}

/** Kills processes that write to a store, and looks each time whether everything acknowledged is there, and whole. */
export async function crashStorage(options: CrashStorage): Promise<CrashResult> {
  const { directory, cycles, seed, progress = () => {} } = options;
  const acknowledged = new Array<number>(WRITERS).fill(0);
  let total = 0;
  const { kills } = await crashCycles({
    cycles,
    program: writerPath(),
    args: [directory],
    random: seededRandom(seed),
    heard: (line) => {
      const [writer, step] = line.split(' ').map(Number);
      if (writer === undefined || step === undefined) return;
      acknowledged[writer] = step;
      total++;
    },
    check: async (cycle) => {
      await using storage = await openStorage({ directory, warn: fail });
      const store = await storage.open({ name: 'crash' });
      checkSteps(store, acknowledged);
      progress(cycle, total);
      // The step after the last acknowledged one may be there, and then counts.
      for (const writer of acknowledged.keys()) acknowledged[writer] = headOf(store, writer);
    },
  });
  return { kills, acknowledged: total };
}

function fail(message: string): never {
  throw new Error(message);
}

function writerPath(): string {
  const manifest = createRequire(import.meta.url).resolve('iii-storage/package.json');
  return path.join(path.dirname(manifest), 'dist', 'testing', 'crash-writer.js');
}
