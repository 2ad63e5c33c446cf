/** Values that happen, for a test that waits for them one by one. */
export class Inbox<T> {
  readonly all: T[] = [];
  #read = 0;
  #waiting: Array<() => void> = [];

  push(value: T): void {
    this.all.push(value);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** The next value not taken yet. */
  async next(): Promise<T> {
    await this.until(() => this.all.length > this.#read);
    const value = this.all[this.#read++];
    if (value === undefined) throw new Error('an inbox holds no undefined values');
    return value;
  }

  /** Resolves once the condition holds; it is looked at whenever something arrives. */
  async until(condition: (all: readonly T[]) => boolean): Promise<void> {
    while (!condition(this.all)) await new Promise<void>((wake) => this.#waiting.push(wake));
  }
}
