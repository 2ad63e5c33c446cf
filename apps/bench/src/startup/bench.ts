import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Driver, usableDrivers } from '../drivers.js';
import type { BenchOptions } from '../options.js';
import { Gathering, type Result } from '../report/result.js';
import { freePort } from '../servers/free-port.js';
import { usageOf } from '../servers/process-usage.js';
import { ratioOf } from '../statistics.js';
import { verdict } from '../text.js';
import { firstCall } from './first-call.js';

export interface StartupBenchOptions extends BenchOptions {
  /** Starts of each in a round, in turns. */
  readonly turns: number;
  /** Milliseconds after the first call in which what was needed to start may be given back. */
  readonly settleMs: number;
}

const COMMAND = fileURLToPath(new URL('../bin/iii.js', import.meta.resolve('iii-server')));
const BARE_SERVER = fileURLToPath(new URL('bare-server.mjs', import.meta.url));
const NODE = 'node -e 0';
const TIME_TARGET = { atMost: 6 };
const MEMORY_TARGET = { atMost: 2 };

/** From the start of `iii` until it has served a call, beside Node that does nothing; and what it then takes. */
export async function benchStartup(options: StartupBenchOptions): Promise<Result> {
  const { rounds, turns, settleMs, tell } = options;
  const gathering = new Gathering();
  const drivers = await usableDrivers(options.drivers, tell);
  for (let round = 1; round <= rounds; round++) {
    for (let turn = 1; turn <= turns; turn++) {
      gathering.add(NODE, { ms: await timeNode(), residentMiB: Number.NaN });
      for (const driver of drivers) {
        gathering.add(`iii (${driver})`, await timeServer(driver, true, settleMs));
        gathering.add(`bare server (${driver})`, await timeServer(driver, false, settleMs));
      }
    }
    tell(`round ${round}`);
  }
  const of = (figure: string, subject: string, baseline: string) =>
    ratioOf(gathering.of(subject, figure), gathering.of(baseline, figure));
  return {
    bench: 'startup',
    sections: [
      {
        title: 'From start to first served call, and memory when idle',
        figures: [
          { key: 'ms', title: 'ms', digits: 0 },
          { key: 'residentMiB', title: 'RSS MiB', digits: 1 },
        ],
        series: gathering.series(),
        baseline: { subject: NODE, figure: 'ms' },
      },
    ],
    verdicts: drivers.flatMap((driver) => [
      `${driver}: start ${verdict(of('ms', `iii (${driver})`, NODE), TIME_TARGET)} of ${NODE}`,
      `${driver}: memory ${verdict(of('residentMiB', `iii (${driver})`, `bare server (${driver})`), MEMORY_TARGET)} of a bare server`,
    ]),
  };
}

async function timeNode(): Promise<number> {
  const begin = performance.now();
  await once(spawn(process.execPath, ['-e', '0']), 'exit');
  return performance.now() - begin;
}

/** The command as it is installed, or a server that only accepts sockets, each until it answers. */
async function timeServer(driver: Driver, isEngine: boolean, settleMs: number) {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-bench-'));
  const port = await freePort();
  const config = path.join(directory, 'config.yaml');
  writeFileSync(config, `workers:\n  - name: iii-worker-manager\n    config: { port: ${port} }\n`);
  const begin = performance.now();
  const args = isEngine ? [COMMAND, '--config', config] : [BARE_SERVER, driver, String(port)];
  const child = spawn(process.execPath, args, {
    cwd: directory,
    env: { ...process.env, III_LISTENER: driver, III_LOG_LEVEL: 'error' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const ended = once(child, 'exit');
  try {
    await firstCall(`ws://127.0.0.1:${port}/`);
    const ms = performance.now() - begin;
    await new Promise((resolve) => setTimeout(resolve, settleMs));
    return { ms, residentMiB: usageOf(child.pid ?? 0).residentBytes / 1024 / 1024 };
  } finally {
    child.kill('SIGKILL');
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}
