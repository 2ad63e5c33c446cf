import { execFile } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

const MINIMUM = [3, 10] as const;
const CANDIDATES = ['python3', 'python', 'python3.13', 'python3.12', 'python3.11', 'python3.10'];

/** A Python that has what a worker needs, or the reason why there is none. */
export type PythonEnvironment =
  | { readonly available: true; readonly executable: string; readonly version: string }
  | { readonly available: false; readonly reason: string };

/**
 * Makes a virtual environment with the packages a worker needs, once; later runs find it ready.
 *
 * @param tell is told of work that takes a while.
 */
export async function preparePython(
  directory: string,
  requirements: string,
  tell: (line: string) => void,
): Promise<PythonEnvironment> {
  const python = await findPython();
  if (python === undefined) {
    return { available: false, reason: `no Python ${MINIMUM.join('.')} or newer was found` };
  }
  const wanted = readFileSync(requirements, 'utf8');
  const marker = path.join(directory, 'installed.txt');
  const executable = path.join(directory, process.platform === 'win32' ? 'Scripts/python.exe' : 'bin/python');
  if (existsSync(executable) && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) {
    return { available: true, executable, version: python.version };
  }
  try {
    tell(`installing ${wanted.trim().split('\n').join(', ')} for Python ${python.version}`);
    await run(python.command, ['-m', 'venv', '--clear', directory]);
    await run(executable, [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '-r',
      requirements,
    ]);
    writeFileSync(marker, wanted);
    return { available: true, executable, version: python.version };
  } catch (error) {
    const text = (error as { stderr?: string }).stderr?.trim().split('\n').at(-1) ?? (error as Error).message;
    return { available: false, reason: `the packages could not be installed: ${text}` };
  }
}

async function findPython(): Promise<{ command: string; version: string } | undefined> {
  for (const command of CANDIDATES) {
    const version = await versionOf(command);
    if (version !== undefined && isRecent(version)) return { command, version };
  }
  return undefined;
}

async function versionOf(command: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(command, [
      '-c',
      'import sys; print(".".join(map(str, sys.version_info[:3])))',
    ]);
    return stdout.trim();
  } catch {
    // Not on this machine.
    return undefined;
  }
}

function isRecent(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);
}
