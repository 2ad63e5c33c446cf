import { writeSync } from 'node:fs';
import { openStorage } from '../directory/directory-storage.js';
import { takeStep, WRITERS } from './crash-work.js';

const JOURNAL_BYTES = 256 * 1024;

/** The program that is killed: writers that never end, and tell each step once it has been acknowledged. */
async function writeForEver(directory: string): Promise<void> {
  // Small, so that it is full every few steps, and too small for some; or so large that its keys are what ends an epoch.
  const options = Math.random() < 0.5 ? { journalBytes: JOURNAL_BYTES } : {};
  const storage = await openStorage({ directory, ...options });
  const store = await storage.open({ name: 'crash' });
  say('ready');
  const writers = Array.from({ length: WRITERS }, async (_, writer) => {
    for (;;) say(`${writer} ${await takeStep(store, writer)}`);
  });
  await Promise.all(writers);
}

/** At once, so that a line is in the pipe before anything else happens. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

void writeForEver(process.argv[2] ?? '');
