import { readFileSync } from 'node:fs';
import type { Usage } from '../role-process.js';

/** Ticks of /proc in a second: fixed by the kernel’s interface, whatever it counts in itself. */
const TICKS_PER_SECOND = 100;

/**
 * What a process has used, as the kernel tells. Linux only, which is where servers of Debian run.
 *
 * @throws Error when there is no such process.
 */
export function usageOf(pid: number): Usage {
  return readUsage(readFileSync(`/proc/${pid}/stat`, 'utf8'), readFileSync(`/proc/${pid}/status`, 'utf8'));
}

/** @param stat, status the files of that name. */
export function readUsage(stat: string, status: string): Usage {
  // The second field is the name in brackets, in which anything may stand.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return { cpuMs: (ticks * 1_000) / TICKS_PER_SECOND, residentBytes: Number(kib ?? 0) * 1024 };
}
