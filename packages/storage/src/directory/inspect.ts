import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { StorageError } from '../errors.js';
import type { InspectionReport } from './inspection.js';

export interface InspectOptions {
  /** Milliseconds after which no more is looked at. Default: everything is. */
  readonly limitMs?: number;
  /** Told now and then how many entries have been looked at. */
  readonly progress?: (entries: number) => void;
}

/** Beyond its limit, what a process may take for starting, and for the read that it is in. */
const GRACE_MS = 30_000;

/**
 * Looks at every entry of a data file, in a process of its own: reading a damaged file may end it.
 *
 * @throws Error when such a process cannot be started.
 */
export async function inspect(file: string, options: InspectOptions = {}): Promise<InspectionReport> {
  const { limitMs = Number.POSITIVE_INFINITY, progress = () => {} } = options;
  const { report, end } = await probe(['inspect', file, String(limitMs)], limitMs, progress);
  return report ?? unusable(`reading it ended the process that tried (${end})`);
}

/**
 * Copies a data file as it is at this moment, whoever writes to it meanwhile.
 *
 * @throws StorageError DATA_CORRUPT when it cannot be read.
 */
export async function copyData(file: string, target: string): Promise<void> {
  const { report, end, failed } = await probe(['copy', file, target], Number.POSITIVE_INFINITY, () => {});
  const problem = report?.problems[0] ?? (failed ? `the process that tried ended (${end})` : undefined);
  if (problem !== undefined) throw new StorageError('COPY_FAILED', `${file} could not be copied: ${problem}`);
}

interface ProbeEnd {
  readonly report: InspectionReport | undefined;
  /** How the process ended, and what it said. */
  readonly end: string;
  readonly failed: boolean;
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
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-1_000);
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    const message = JSON.parse(line) as { progress: number } | { report: InspectionReport };
    if ('report' in message) report = message.report;
    else progress(message.progress);
  });
  const [status, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (...end) => resolve(end));
  });
  const end = `${signal ?? `exit status ${status}`}${said === '' ? '' : `: ${said.trim()}`}`;
  return { report, end, failed: status !== 0 };
}

function unusable(problem: string): InspectionReport {
  return { stores: [], problems: [problem], usable: false, complete: true };
}

/** A file of this package, wherever it was bundled to. */
function probePath(): string {
  const manifest = createRequire(import.meta.url).resolve('iii-storage/package.json');
  return path.join(path.dirname(manifest), 'dist', 'probe.js');
}
