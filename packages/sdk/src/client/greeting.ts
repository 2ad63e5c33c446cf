import type { Extension } from 'iii-protocol';

/** What this client asks for when the engine offers it. */
const USED_EXTENSIONS = ['cancel', 'parts', 'batch'] as const satisfies readonly Extension[];

/** Whether the engine has greeted the connection that stands now, what was agreed then, and who waits for it. */
export class Greeting {
  /** Undefined until the connection that stands now has been greeted. */
  #agreed: readonly Extension[] | undefined;
  readonly #waiting: Array<{ resolve: () => void; reject: (error: Error) => void }> = [];

  uses(extension: Extension): boolean {
    return this.#agreed?.includes(extension) ?? false;
  }

  /**
   * The engine greets, which it may do again; extensions are asked for once on each connection (DESIGN D16).
   *
   * @returns what is to be asked for now.
   */
  heard(offered: readonly string[] | undefined): readonly Extension[] {
    const isFirst = this.#agreed === undefined;
    this.#agreed ??= USED_EXTENSIONS.filter((extension) => offered?.includes(extension));
    for (const { resolve } of this.#waiting.splice(0)) resolve();
    return isFirst ? this.#agreed : [];
  }

  /** The connection is gone: the next one has not been greeted. */
  lost(): void {
    this.#agreed = undefined;
  }

  /** Resolves when the engine has greeted. @param refusal why it never will. */
  wait(refusal: Error | undefined): Promise<void> {
    if (this.#agreed !== undefined) return Promise.resolve();
    if (refusal !== undefined) return Promise.reject(refusal);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Nobody will be greeted any more. */
  end(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
