/** One thing wrong with a configuration file. Lines and columns count from 1. */
export interface FileProblem {
  readonly line?: number;
  readonly column?: number;
  /** What is there, what should be, and what to do. */
  readonly message: string;
}

/** A configuration file that cannot be used; the message names file, line and fix of everything wrong with it. */
export class ConfigFileError extends Error {
  override readonly name = 'ConfigFileError';

  constructor(
    readonly file: string,
    readonly problems: readonly FileProblem[],
  ) {
    super(problems.map((problem) => `${place(file, problem)}: ${problem.message}`).join('\n'));
  }
}

function place(file: string, { line, column }: FileProblem): string {
  if (line === undefined) return file;
  return column === undefined ? `${file}:${line}` : `${file}:${line}:${column}`;
}
