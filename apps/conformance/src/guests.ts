import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '..');
/** Not part of the tree. */
const CACHE = path.join(ROOT, '.venv');
const INSTALL_MS = 120_000;
const BUILD_MS = 600_000;

export type Language = 'python' | 'rust';

/** How to start a worker on an official client of another language, or why that is not possible here. */
export type Guest =
  | { readonly available: true; readonly command: string; readonly args: readonly string[] }
  | { readonly available: false; readonly reason: string };

/**
 * Installs what a guest needs, once.
 *
 * @param build whether what takes minutes may be done as well.
 */
export async function prepareGuest(language: Language, build: boolean): Promise<Guest> {
  try {
    return language === 'python' ? await preparePython() : await prepareRust(build);
  } catch (error) {
    const { stderr = '', message } = error as Error & { stderr?: string };
    return { available: false, reason: stderr.trim().split('\n').at(-1) || message };
  }
}

async function preparePython(): Promise<Guest> {
  const directory = path.join(CACHE, 'python');
  const executable = path.join(directory, 'bin/python');
  const source = path.join(ROOT, 'workers/python-worker');
  const guest = {
    available: true,
    command: executable,
    args: ['-u', path.join(source, 'worker.py')],
  } as const;
  const isReady = await run(executable, ['-c', 'import iii']).then(
    () => true,
    () => false,
  );
  if (isReady) return guest;
  await run('python3', ['-m', 'venv', '--clear', directory]);
  const requirements = path.join(source, 'requirements.txt');
  const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  await run(executable, install, { timeout: INSTALL_MS });
  return guest;
}

async function prepareRust(build: boolean): Promise<Guest> {
  const target = path.join(CACHE, 'rust');
  const command = path.join(target, 'debug/conformance-worker');
  if (build) {
    await mkdir(target, { recursive: true });
    const manifest = path.join(ROOT, 'workers/rust-worker/Cargo.toml');
    const args = ['build', '--manifest-path', manifest, '--target-dir', target];
    await run('cargo', args, { timeout: BUILD_MS });
  }
  if (!existsSync(command)) {
    return { available: false, reason: 'it is not built: npm run guests' };
  }
  return { available: true, command, args: [] };
}
