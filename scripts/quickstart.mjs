/** Installs and builds what the quickstart needs, then runs it: `npm run quickstart -- --once`. */
import { pnpm, step } from './toolchain.mjs';

const ready =
  (await step('install', ['install', '--frozen-lockfile', '--prefer-offline'])) &&
  (await step('build', ['turbo', 'run', 'build', '--filter', 'iii-quickstart...']));

if (ready) {
  // Ctrl-C reaches the whole process group; the quickstart stops what it started and decides over the status.
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => {});
  const { status } = await pnpm(['--filter', 'iii-quickstart', 'start', ...process.argv.slice(2)]);
  process.exitCode = status;
} else {
  process.exitCode = 1;
}
