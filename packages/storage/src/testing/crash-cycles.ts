import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that is killed again and again, and what is to be true after each time. */
export interface CrashCycles {
  readonly cycles: number;
  /** The program, a JavaScript file, and its arguments. It prints a line for everything it has had acknowledged. */
  readonly program: string;
  readonly args: readonly string[];
  /** Takes a line as it was printed; those printed before the kill arrive before {@link check}. */
  readonly heard: (line: string) => void;
  /** Looks at what is left. What it throws ends the cycles. */
  readonly check: (cycle: number) => Promise<void>;
  /** From 0 to 1; decides when the program is killed. */
  readonly random: () => number;
  /** Lines after which it is killed at the latest. Default 30. */
  readonly mostLines?: number;
}

/** Of all cycles, those in which the program is killed while it starts, which may be before its first line. */
const KILLED_EARLY = 0.15;
const LONGEST_START_MS = 200;
/** Milliseconds from the last line that it is granted to its end. */
const LONGEST_AFTER_LINE_MS = 30;

/**
 * Runs a program over and over on what it left behind, and kills it at moments it cannot know, with SIGKILL: neither it
 * nor its runtime gets to finish anything.
 *
 * @returns how often it was killed, which is not always before it had ended by itself.
 * @throws what `check` throws, with the number of the cycle; Error when the program ends by itself with a failure.
 */
export async function crashCycles(options: CrashCycles): Promise<{ readonly kills: number }> {
  let kills = 0;
  for (let cycle = 1; cycle <= options.cycles; cycle++) {
    if (await runAndKill(options)) kills++;
    try {
      await options.check(cycle);
    } catch (error) {
      throw new Error(`after cycle ${cycle}: ${(error as Error).message}`, { cause: error });
    }
  }
  return { kills };
}

/** Whether it was killed. */
async function runAndKill(options: CrashCycles): Promise<boolean> {
  const { program, args, heard, random, mostLines = 30 } = options;
  const child = spawn(process.execPath, [program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { stdout, stderr } = child;
  const ended = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  let complaint = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  let linesLeft = 1 + Math.floor(random() * mostLines);
  const afterLineMs = random() * LONGEST_AFTER_LINE_MS;
  createInterface({ input: stdout }).on('line', (line) => {
    heard(line);
    if (--linesLeft === 0) killAfter(child, afterLineMs);
  });
  if (random() < KILLED_EARLY) killAfter(child, random() * LONGEST_START_MS);
  const [status, signal] = await ended;
  if (signal === 'SIGKILL') return true;
  if (status === 0) return false;
  throw new Error(`the program ended by itself (${signal ?? `exit status ${status}`}): ${complaint.trim()}`);
}

function killAfter(child: ChildProcess, ms: number): void {
  const timer = setTimeout(() => child.kill('SIGKILL'), ms);
  child.once('exit', () => clearTimeout(timer));
}

/** Numbers from 0 to 1 that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
