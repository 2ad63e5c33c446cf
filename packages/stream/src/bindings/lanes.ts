/** How much may wait. */
export interface LaneLimits {
  /** Lanes that run at a time. */
  readonly running: number;
  readonly jobs: number;
  readonly bytes: number;
}

interface Job {
  readonly bytes: number;
  readonly run: () => Promise<void>;
}

/** Jobs in lanes: one after the other within a lane, beside each other otherwise. */
export class Lanes {
  /** What waits, by lane; the first of a lane that runs is out already. */
  readonly #waiting = new Map<string, Job[]>();
  /** Lanes that wait for their turn. */
  readonly #ready = new Set<string>();
  readonly #idle: Array<() => void> = [];
  #running = 0;
  #jobs = 0;
  #bytes = 0;

  constructor(private readonly limits: LaneLimits) {}

  /** Jobs that have not ended. */
  get size(): number {
    return this.#jobs;
  }

  /** @param run does not reject. @returns whether there was room. */
  add(lane: string, bytes: number, run: () => Promise<void>): boolean {
    // A job of any size goes where nothing waits.
    if (this.#jobs > 0 && (this.#jobs >= this.limits.jobs || this.#bytes + bytes > this.limits.bytes))
      return false;
    this.#jobs++;
    this.#bytes += bytes;
    const waiting = this.#waiting.get(lane);
    if (waiting === undefined) {
      this.#waiting.set(lane, [{ bytes, run }]);
      this.#ready.add(lane);
      this.#start();
    } else {
      waiting.push({ bytes, run });
    }
    return true;
  }

  /** Resolves once nothing runs or waits. */
  idle(): Promise<void> {
    if (this.#jobs === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #start(): void {
    for (const lane of this.#ready) {
      if (this.#running >= this.limits.running) return;
      this.#ready.delete(lane);
      this.#running++;
      void this.#next(lane);
    }
  }

  async #next(lane: string): Promise<void> {
    const waiting = this.#waiting.get(lane) ?? [];
    const job = waiting.shift();
    if (job !== undefined) {
      await job.run();
      this.#jobs--;
      this.#bytes -= job.bytes;
    }
    this.#running--;
    if (waiting.length === 0) this.#waiting.delete(lane);
    // Behind the other lanes, so that a busy one does not keep them waiting.
    else this.#ready.add(lane);
    this.#start();
    if (this.#jobs === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }
}
