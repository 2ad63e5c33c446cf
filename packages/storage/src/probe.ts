import { existsSync, rmSync } from 'node:fs';
import { copyHere } from './directory/copy.js';
import { inspectHere, isDamage } from './directory/inspection.js';

/**
 * A process of its own, for reading files that may be damaged: LMDB maps them into memory, and a file that is not what
 * it says may end the process. Prints JSON lines: progress, and last the report, or why there is
 * none.
 *
 *     probe inspect <file> <milliseconds> [<file of the journal>…]
 *     probe copy <file> <target>
 */
async function main([mode, file = '', argument = '', ...journals]: readonly string[]): Promise<void> {
  const readers = `${file}-lock`;
  const hadReaders = existsSync(readers);
  try {
    if (mode === 'copy') await copyHere(file, argument);
    else print({ report: inspectHere(file, { limitMs: Number(argument), journals, now, progress }) });
  } catch (error) {
    const { message } = error as Error;
    if (mode === 'copy' || !isDamage(error)) print({ failure: message });
    else print({ report: { stores: [], problems: [message], usable: false, complete: true } });
  }
  if (!hadReaders) rmSync(readers, { force: true });
}

const now = () => performance.now();

function progress(entries: number): void {
  print({ progress: entries });
}

function print(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

void main(process.argv.slice(2));
