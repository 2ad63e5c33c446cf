import { type IIIClient, registerWorker } from 'iii-sdk';
import type { TestEngine } from './test-engine.js';

/** How a worker reaches the engine in a test that should hold both ways. */
export const KINDS = ['in memory', 'over a socket'] as const;

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
