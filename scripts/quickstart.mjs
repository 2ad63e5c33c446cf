/** Installs and builds what the quickstart needs, then runs it: `npm run quickstart -- --once`. */
import path from 'node:path';
import { ROOT, run, step } from './toolchain.mjs';

const ready =
  (await step('install', ['install', '--frozen-lockfile', '--prefer-offline'])) &&
  (await step('build', ['turbo', 'run', 'build', '--filter', 'iii-quickstart...']));

if (ready) {
  // Ctrl-C reaches the whole process group; the quickstart stops what it started and decides over the status.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  const cwd = path.join(ROOT, 'apps/quickstart');
  const { status } = await run(
    process.execPath,
    ['--import', 'tsx', 'src/main.ts', ...process.argv.slice(2)],
    { cwd },
  );
  process.exitCode = status;
} else {
  process.exitCode = 1;
}
