import { EngineConnection } from '../engine/connection.js';
import type { EngineTarget } from '../engine/target.js';
import { CliError, RemoteError } from '../errors.js';
import { type Rates, ratesBetween } from './rates.js';
import { readSnapshot, type Snapshot } from './snapshot.js';

/** What came of looking at an engine. */
export type Reading =
  | { readonly kind: 'there'; readonly snapshot: Snapshot; readonly rates: Rates | undefined }
  | { readonly kind: 'gone'; readonly error: CliError | RemoteError };

/** An engine looked at again and again, over one connection for as long as that lasts. */
export class EngineWatch {
  #connection: EngineConnection | undefined;
  #last: Snapshot | undefined;

  constructor(
    private readonly target: EngineTarget,
    private readonly workerName: string,
    /** Milliseconds an answer may take. */
    private readonly timeoutMs: number,
  ) {}

  async read(): Promise<Reading> {
    this.#connection ??= new EngineConnection(this.target, this.workerName);
    try {
      const snapshot = await readSnapshot(this.#connection, this.timeoutMs);
      const rates = ratesBetween(this.#last, snapshot);
      this.#last = snapshot;
      return { kind: 'there', snapshot, rates };
    } catch (error) {
      if (!(error instanceof CliError || error instanceof RemoteError)) throw error;
      await this.close();
      return { kind: 'gone', error };
    }
  }

  async close(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    await connection?.close();
  }
}
