import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigFileError } from './config-file-error.js';
import { type Plan, planFrom } from './plan.js';

/** What finding a configuration may need of the terminal. */
export interface LoadSurroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  /** Asks a question and resolves with the line typed. Absent: there is nobody to ask. */
  readonly ask?: (question: string) => Promise<string>;
  /** Says something to people. */
  readonly tell: (line: string) => void;
}

/** The person at the terminal does not want a file to be created. */
export class AbortedError extends Error {
  override readonly name = 'AbortedError';
}

const STARTER = `# Configuration of the iii engine. Workers listed here run inside the engine process.
# An HTTP port in front of your functions:  workers: [{ name: iii-http, config: { port: 3111 } }]
# Workers of your own connect to ws://127.0.0.1:49134 and need no entry here.
workers: []
`;

/** A configuration, and the text it was read from. */
export interface LoadedPlan {
  readonly plan: Plan;
  /** Undefined when no file could be made. */
  readonly text: string | undefined;
}

/**
 * Reads the configuration, making a file with an empty one first if there is none (§1.2).
 *
 * @throws ConfigFileError, AbortedError
 */
export async function loadPlan(file: string, surroundings: LoadSurroundings): Promise<LoadedPlan> {
  const text = readText(file) ?? (await create(file, surroundings));
  return { plan: planFrom(text ?? STARTER, file, surroundings.env, surroundings.version), text };
}

/**
 * The text of a file; undefined when there is none.
 *
 * @throws ConfigFileError when it cannot be read.
 */
export function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new ConfigFileError(file, [{ message: `cannot be read: ${message}` }]);
  }
}

/** The text of the new file; undefined where none can be written. */
async function create(file: string, { ask, tell }: LoadSurroundings): Promise<string | undefined> {
  const directory = path.dirname(path.resolve(file));
  if (ask !== undefined) {
    const answer = await ask(`There is no ${path.basename(file)} in ${directory}. Create one? [Y/n] `);
    if (!['', 'y', 'yes'].includes(answer.trim().toLowerCase())) throw new AbortedError('aborted');
  }
  try {
    mkdirSync(directory, { recursive: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw new ConfigFileError(file, [{ message: `cannot be created: ${(error as Error).message}` }]);
    }
  }
  try {
    writeFileSync(file, STARTER, { flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EROFS' && code !== 'EACCES' && code !== 'EPERM') {
      throw new ConfigFileError(file, [{ message: `cannot be created: ${message}` }]);
    }
    tell(`${file} cannot be written (${code}): running with an empty configuration.`);
    return undefined;
  }
  tell(`Created ${path.resolve(file)}. Add workers to its list, for instance iii-http.`);
  return STARTER;
}
