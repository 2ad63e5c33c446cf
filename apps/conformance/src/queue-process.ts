import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';

const MANIFEST = createRequire(import.meta.url).resolve('iii-queue/package.json');

/**
 * The queue worker as a process of its own, as users run it. It connects when it can.
 *
 * @param config text of its configuration file.
 */
export function startQueueProcess(url: string, config: string): AsyncDisposable {
  const directory = mkdtempSync(path.join(os.tmpdir(), 'iii-queue-process-'));
  writeFileSync(path.join(directory, 'queue.yaml'), config);
  const script = path.join(path.dirname(MANIFEST), 'bin/iii-queue.js');
  const child = spawn(process.execPath, [script, '--url', url, '--config', 'queue.yaml'], {
    cwd: directory,
    stdio: 'ignore',
  });
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) {
        const ended = once(child, 'exit');
        child.kill('SIGKILL');
        await ended;
      }
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
