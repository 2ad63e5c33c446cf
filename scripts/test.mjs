/**
 * Everything a change has to pass, on a machine that has only Node and npm. Arguments choose tests as vitest takes
 * them: `npm test -- packages/protocol`. The last line is `N passed, N failed`.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pnpm, step } from './toolchain.mjs';

const STEPS = [
  ['install', ['install', '--frozen-lockfile', '--prefer-offline']],
  ['build', ['build']],
  ['lint', ['lint']],
  ['types', ['typecheck']],
  ['packages', ['check:packages']],
];

/** Without these there is nothing to test. */
const NEEDED = new Set(['install', 'build']);

async function main(selection) {
  const broken = [];
  for (const [title, args] of STEPS) {
    if (await step(title, args)) continue;
    broken.push(title);
    if (NEEDED.has(title)) return { passed: 0, failed: 1 };
  }
  const tests = await runTests(selection);
  return { passed: tests.passed, failed: tests.failed + broken.length };
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
