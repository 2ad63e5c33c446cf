import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

/** A program of a package, ready to be started. */
export interface Program {
  readonly file: string;
  /** What it needs in its environment: where the libraries are that came with it. */
  readonly env: Readonly<Record<string, string>>;
}

/** A peer that cannot be had on this machine. Its row says why. */
export interface Missing {
  readonly missing: string;
}

/** Runs a program to its end and returns what it prints. */
export type Execute = (file: string, args: readonly string[], cwd: string) => Promise<string>;

export interface FetchOptions {
  /** Where packages are kept; each in a folder of its own. */
  readonly cache: string;
  readonly execute?: Execute;
}

/** Milliseconds one command may take; a download that does not move is given up. */
const COMMAND_MS = 120_000;

const executeHere: Execute = async (file, args, cwd) => {
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  const { stdout } = await promisify(execFile)(file, args, { cwd, env, timeout: COMMAND_MS });
  return stdout;
};

/**
 * The program of that name from the Debian package of that name. It is unpacked into the cache, with the packages it
 * needs that this machine lacks: nothing is installed, no script of a package runs, and no privilege is needed.
 */
export async function debianProgram(
  name: string,
  { cache, execute = executeHere }: FetchOptions,
): Promise<Program | Missing> {
  const home = path.join(cache, name);
  try {
    if (!existsSync(home)) await unpack(name, cache, home, execute);
  } catch (error) {
    return { missing: `${name} cannot be fetched: ${reasonOf(error)}` };
  }
  const file = ['usr/bin', 'usr/sbin']
    .map((place) => path.join(home, place, name))
    .find((place) => existsSync(place));
  if (file !== undefined) return { file, env: libraryPath(home) };
  return {
    missing: `the Debian package ${name} brought no program ${name}; remove ${home} to fetch it anew`,
  };
}

/** What appears under `home` is complete: it is put together beside it, and moved. */
async function unpack(name: string, cache: string, home: string, execute: Execute): Promise<void> {
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(path.join(cache, `.${name}-`));
  try {
    const packages = path.join(scratch, 'packages');
    const root = path.join(scratch, 'root');
    mkdirSync(packages);
    mkdirSync(root);
    await download(name, scratch, packages, execute);
    for (const file of readdirSync(packages).filter((entry) => entry.endsWith('.deb'))) {
      await execute('dpkg-deb', ['-x', path.join(packages, file), root], scratch);
    }
    try {
      renameSync(root, home);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(home)) throw error;
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The lists of this machine may be absent, or older than what the archive still has: then with lists of our own. */
async function download(name: string, scratch: string, packages: string, execute: Execute): Promise<void> {
  try {
    await downloadWith([], name, packages, execute);
  } catch {
    const lists = path.join(scratch, 'lists');
    mkdirSync(path.join(lists, 'partial'), { recursive: true });
    const settings = [`Dir::State::Lists=${lists}`, 'Dir::Cache::pkgcache=', 'Dir::Cache::srcpkgcache='];
    const options = settings.flatMap((setting) => ['-o', setting]);
    await execute('apt-get', [...options, 'update'], scratch);
    await downloadWith(options, name, packages, execute);
  }
}

async function downloadWith(
  options: readonly string[],
  name: string,
  packages: string,
  execute: Execute,
): Promise<void> {
  const plan = await execute(
    'apt-get',
    [...options, 'install', '--simulate', '--reinstall', '--no-install-recommends', name],
    packages,
  );
  const needed = [...plan.matchAll(/^Inst (\S+)/gm)].map(([, found]) => found ?? '');
  if (!needed.includes(name)) throw new Error(`apt-get has no plan to install ${name}`);
  await execute('apt-get', [...options, 'download', ...needed], packages);
}

function libraryPath(home: string): Record<string, string> {
  const libraries = path.join(home, 'usr/lib');
  if (!existsSync(libraries)) return {};
  const folders = readdirSync(libraries).filter((folder) => /-linux-gnu/.test(folder));
  if (folders.length === 0) return {};
  return { LD_LIBRARY_PATH: folders.map((folder) => path.join(libraries, folder)).join(':') };
}

/** The last line a command has to say, which with apt-get is the one that matters. */
function reasonOf(error: unknown): string {
  const { stderr, code, path: file } = error as { stderr?: string; code?: unknown; path?: string };
  if (code === 'ENOENT' && file !== undefined) return `there is no ${file} on this machine`;
  const lines = (stderr ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines.at(-1) ?? (error as Error).message;
}
