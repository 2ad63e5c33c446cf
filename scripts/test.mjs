/**
 * Everything a change has to pass, on a machine that has only Node and npm. Arguments choose tests as vitest takes
 * them: `npm test -- packages/protocol`. The last line is `N passed, N failed`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pnpm, step, steps } from './toolchain.mjs';

/** One after the other. Without these there is nothing to test. */
const NEEDED = [
  ['install', ['install', '--frozen-lockfile', '--prefer-offline']],
  ['build', ['build']],
];

/** Side by side: one of them alone leaves most of the machine to nobody. */
const CHECKS = [
  ['lint', ['lint']],
  ['types', ['typecheck']],
  ['packages', ['check:packages']],
];

async function main(selection) {
  for (const [title, args] of NEEDED) {
    if (!(await step(title, args))) return { passed: 0, failed: 1 };
  }
  const checks = await steps(CHECKS);
  const tests = await runTests(selection);
  return { passed: tests.passed, failed: tests.failed + checks.filter((isFine) => !isFine).length };
}

async function runTests(selection) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-test-'));
  const report = path.join(directory, 'report.json');
  const { status } = await pnpm([
    'exec',
    'vitest',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...selection,
  ]);
  const { passed, failed } = countTests(report);
  rmSync(directory, { recursive: true });
  // A suite that cannot even be read, or an error outside of any test, is a failure too.
  return { passed, failed: status !== 0 && failed === 0 ? 1 : failed };
}

function countTests(report) {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests };
  } catch {
    // vitest ended before it could write its report; its status says so.
    return { passed: 0, failed: 0 };
  }
}

const selection = process.env.III_TEST_SELECTION?.split(' ') ?? process.argv.slice(2);
const { passed, failed } = await main(selection);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
