import { existsSync, rmSync } from 'node:fs';
import { inspectHere } from './directory/inspection.js';

/**
 * A process of its own, for reading files that may be damaged: LMDB maps them into memory, and a file that is not what
 * it says may end the process. Prints JSON lines: progress, and the report last.
 */
const [file = '', limitMs = 'Infinity'] = process.argv.slice(2);
const readers = `${file}-lock`;
const hadReaders = existsSync(readers);

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

try {
  const report = inspectHere(file, {
    limitMs: Number(limitMs),
    now: () => performance.now(),
    progress: (entries) => print({ progress: entries }),
  });
  print({ report });
} catch (error) {
  print({ report: { stores: [], problems: [(error as Error).message], usable: false, complete: true } });
}
if (!hadReaders) rmSync(readers, { force: true });
