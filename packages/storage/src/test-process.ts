import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { pathToFileURL } from 'node:url';

/** Another process that works with this package as it was built. */
export class TestProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;

  /** @param script statements in a module that has `openStorage` and `directory`; `say` prints a line. */
  constructor(directory: string, script: string) {
    const door = pathToFileURL(path.join(import.meta.dirname, '../dist/disk.js')).href;
    const head = `import { openStorage } from ${JSON.stringify(door)};
      const directory = ${JSON.stringify(directory)};
      const say = (line) => process.stdout.write(line + '\\n');
      const forever = setInterval(() => {}, 1_000_000);\n`;
    this.#child = spawn(process.execPath, ['--input-type=module', '-e', head + script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    if (this.#child.stdout === null) throw new Error('a process without output');
    this.#lines = createInterface({ input: this.#child.stdout });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  async line(): Promise<string> {
    const [line] = (await once(this.#lines, 'line')) as [string];
    return line;
  }

  /** As if the power went, for this process alone. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** Opens the directory and says that it has, or why not. */
export const OPEN_AND_STAY = `
  try {
    const storage = await openStorage({ directory });
    say('opened');
  } catch ({ code, message }) {
    say(code + ': ' + message);
  }`;
