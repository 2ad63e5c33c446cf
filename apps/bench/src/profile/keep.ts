import { readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';

/**
 * Gives the profile a process has written the name it is wanted under. Node writes one for each thread,
 * `CPU.<date>.<time>.<pid>.<thread>.<sequence>.cpuprofile`: those of threads that load modules are dropped.
 */
export function keepProfile(
  target: { readonly directory: string; readonly name: string },
  pid: number,
): void {
  const { directory, name } = target;
  for (const file of readdirSync(directory)) {
    const [of, thread] = /^CPU\.\d+\.\d+\.(\d+)\.(\d+)\.\d+\.cpuprofile$/.exec(file)?.slice(1) ?? [];
    if (of !== String(pid)) continue;
    const from = path.join(directory, file);
    if (thread === '0') renameSync(from, path.join(directory, `${name}.cpuprofile`));
    else rmSync(from);
  }
}
