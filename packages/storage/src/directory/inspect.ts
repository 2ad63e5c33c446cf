import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { StorageError } from '../errors.js';
import type { InspectionReport } from './inspection.js';

export interface InspectOptions {
  /** Milliseconds after which no more is looked at. Default: everything is. */
  readonly limitMs?: number;
  /** Files of the journal that are to be looked at, too. */
  readonly journals?: readonly string[];
  /** Told now and then how many entries have been looked at. */
  readonly progress?: (entries: number) => void;
}

/** Beyond its limit, what a process may take for starting, and for the read that it is in. */
const GRACE_MS = 30_000;

/** What a process dies of that reads what is not there. */
const DEATHS: ReadonlySet<string> = new Set(['SIGSEGV', 'SIGBUS', 'SIGABRT', 'SIGILL', 'SIGFPE']);

/**
 * Looks at every entry of a data file, in a process of its own: reading a damaged file may end it.
 *
 * @throws Error when nothing can be said about the file, for instance because no process can be started.
 */
export async function inspect(file: string, options: InspectOptions = {}): Promise<InspectionReport> {
  const { limitMs = Number.POSITIVE_INFINITY, journals = [], progress = () => {} } = options;
  const args = ['inspect', file, String(limitMs), ...journals];
  const { report, failure, signal, end } = await probe(args, limitMs, progress);
  if (report !== undefined) return report;
  if (signal === null || !DEATHS.has(signal))
    throw new Error(failure ?? `the process that read it ended: ${end}`);
  const problems = [`reading it ended the process that tried (${end})`];
  return { stores: [], problems, usable: false, complete: true };
}

/**
 * Copies a data file as it is at this moment, whoever writes to it meanwhile.
 *
 * @throws StorageError COPY_FAILED
 */
export async function copyData(file: string, target: string): Promise<void> {
  const { failure, status, end } = await probe(['copy', file, target], Number.POSITIVE_INFINITY, () => {});
  if (failure === undefined && status === 0) return;
  const problem = failure ?? `the process that tried ended (${end})`;
  throw new StorageError('COPY_FAILED', `${file} could not be copied: ${problem}`);
}

type Line =
  | { readonly progress: number }
  | { readonly report: InspectionReport }
  | { readonly failure: string };

interface ProbeEnd {
  readonly report: InspectionReport | undefined;
  readonly failure: string | undefined;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  /** How the process ended, and what it said. */
  readonly end: string;
}

async function probe(
  args: readonly string[],
  limitMs: number,
  progress: (entries: number) => void,
): Promise<ProbeEnd> {
  const child = spawn(process.execPath, [probePath(), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(Number.isFinite(limitMs) ? { timeout: limitMs + GRACE_MS, killSignal: 'SIGKILL' } : {}),
  });
  let report: InspectionReport | undefined;
  let failure: string | undefined;
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-1_000);
  });
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    if ('progress' in line) progress(line.progress);
    else if ('report' in line) report = line.report;
    else failure = line.failure;
  });
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  const end = `${signal ?? `exit status ${status}`}${said === '' ? '' : `: ${said.trim()}`}`;
  return { report, failure, status, signal, end };
}

/** A file of this package, wherever it was bundled to. */
function probePath(): string {
  const manifest = createRequire(import.meta.url).resolve('iii-storage/package.json');
  return path.join(path.dirname(manifest), 'dist', 'probe.js');
}
