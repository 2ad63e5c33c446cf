import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

export const ROOT = path.resolve(import.meta.dirname, '..');

/** The pnpm this workspace is pinned to, on machines that have it and on machines that only have npm. */
function pinnedPnpm() {
  const { packageManager } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));
  const version = packageManager.split('@')[1];
  const present = spawnSync('pnpm', ['--version'], { cwd: ROOT, encoding: 'utf8' });
  if (present.status === 0 && present.stdout.trim() === version) return ['pnpm'];
  return ['npx', '--yes', `pnpm@${version}`];
}

const [pnpmCommand, ...pnpmPrefix] = pinnedPnpm();

/**
 * Runs a command to its end.
 *
 * @returns its exit status, how long it took, and what it printed (empty when it printed to the terminal itself).
 */
export function run(command, args, { quiet = false, env = {}, cwd = ROOT } = {}) {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      stdio: quiet ? ['ignore', 'pipe', 'pipe'] : 'inherit',
      env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', DO_NOT_TRACK: '1', ...env },
    });
    let output = '';
    child.stdout?.on('data', (text) => (output += text));
    child.stderr?.on('data', (text) => (output += text));
    child.on('error', reject);
    child.on('close', (status, signal) =>
      resolve({ status: status ?? 1, signal, output, seconds: (performance.now() - started) / 1000 }),
    );
  });
}

export function pnpm(args, options) {
  return run(pnpmCommand, [...pnpmPrefix, ...args], options);
}

/** Runs a step that says nothing unless it fails, and tells how long it took. */
export async function step(title, args) {
  process.stdout.write(`▸ ${title} … `);
  const result = await pnpm(args, { quiet: true });
  const verdict = result.status === 0 ? 'ok' : 'FAILED';
  process.stdout.write(`${verdict} (${result.seconds.toFixed(1)} s)\n`);
  if (result.status !== 0) process.stdout.write(`${result.output}\n`);
  return result.status === 0;
}
