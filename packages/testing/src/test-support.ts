import { type IIIClient, registerWorker } from 'iii-sdk';
import { afterEach, beforeEach, describe, vi } from 'vitest';
import { TestEngine, type TestEngineOptions } from './test-engine.js';

/** How a worker reaches the engine in a test that should hold both ways. */
const KINDS = ['in memory', 'over a socket'] as const;

/** Workers of one test, to be ended with it. */
export class Workers implements AsyncDisposable {
  readonly #workers: IIIClient[] = [];
  #address: Promise<string> | undefined;

  constructor(
    private readonly engine: TestEngine,
    private readonly kind: (typeof KINDS)[number],
  ) {}

  async connect(workerName: string): Promise<IIIClient> {
    if (this.kind === 'in memory') return this.engine.client(workerName);
    this.#address ??= this.engine.listen();
    const worker = registerWorker(await this.#address, { workerName });
    this.#workers.push(worker);
    await worker.ready();
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const worker of this.#workers.splice(0)) await worker.shutdown();
  }
}

/** Resolves once the engine has acted on what the worker has told it. */
export async function heard(worker: IIIClient): Promise<void> {
  await worker.trigger({ function_id: 'engine::functions::list', payload: {} });
}

/** What a test has: an engine, and workers that reach it one way. */
export interface Stage {
  readonly engine: TestEngine;
  readonly workers: Workers;
}

/** Tests that hold in both ways, each with an engine of its own. What the stage has is there while a test runs. */
export function describeBothWays(
  title: string,
  tests: (stage: Stage) => void,
  options: TestEngineOptions = {},
): void {
  describe.each(KINDS)(`${title} %s`, (kind) => {
    let engine: TestEngine;
    let workers: Workers;

    beforeEach(() => {
      vi.spyOn(console, 'debug').mockImplementation(() => {});
      engine = new TestEngine(options);
      workers = new Workers(engine, kind);
    });

    afterEach(async () => {
      await workers[Symbol.asyncDispose]();
      await engine.close();
      vi.restoreAllMocks();
    });

    tests({
      get engine() {
        return engine;
      },
      get workers() {
        return workers;
      },
    });
  });
}
