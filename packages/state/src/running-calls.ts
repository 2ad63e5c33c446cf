/** Calls that are being answered. */
export class RunningCalls {
  #running = 0;
  #finished: Array<() => void> = [];

  async count<T>(call: Promise<T>): Promise<T> {
    this.#running++;
    try {
      return await call;
    } finally {
      this.#running--;
      if (this.#running === 0) for (const resolve of this.#finished.splice(0)) resolve();
    }
  }

  async finished(): Promise<void> {
    if (this.#running > 0) await new Promise<void>((resolve) => this.#finished.push(resolve));
  }
}
