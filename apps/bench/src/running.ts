import { mkdirSync } from 'node:fs';
import { type ProfileTarget, RoleProcess } from './role-process.js';

/** The processes of one measurement: all of them end with it, whatever happens. */
export class Running implements AsyncDisposable {
  readonly #started: RoleProcess[] = [];
  readonly #owned: AsyncDisposable[] = [];

  /** @param file path of the module, from `src`. */
  start(name: string, file: string, args: readonly string[] = [], profile?: ProfileTarget): RoleProcess {
    if (profile !== undefined) mkdirSync(profile.directory, { recursive: true });
    const role = RoleProcess.start(name, new URL(file, import.meta.url), args, profile);
    this.#started.push(role);
    return role;
  }

  /** Something else that ends with it. */
  own(other: AsyncDisposable): void {
    this.#owned.push(other);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      ...this.#started.map((role) => role.stop()),
      ...this.#owned.map((other) => other[Symbol.asyncDispose]()),
    ]);
  }
}
