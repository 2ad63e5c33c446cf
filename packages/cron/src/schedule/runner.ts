import { type Clock, type Log, parseRaw, type RawJson, rawFromValue } from 'iii-protocol';
import { InvocationError } from 'iii-sdk';
import type { RawCalls } from 'iii-sdk/link';
import type { TickLocks } from '../locks/tick-locks.js';
import type { Binding } from './binding.js';
import type { Interruption } from './interruption.js';
import type { Leases } from './leases.js';
import { wholeSeconds, withMilliseconds } from './rfc3339.js';

/**
 * What became of an occurrence. `taken`: it was not there to be had any more. `condition`: the condition function said
 * no. `failed`: also when it could not be written down that it was had, for then it must not be.
 */
export type Outcome = 'done' | 'taken' | 'condition' | 'failed';

/** An occurrence to be had. */
export interface Occurrence {
  readonly identity: string;
  readonly binding: Binding;
  readonly instant: number;
  /** Asked for by hand: it is nobody's instant, so everyone may have it. */
  readonly isByHand: boolean;
  /** Ends what is at work. */
  readonly interruption: Interruption;
}

export interface Run {
  readonly outcome: Outcome;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RunnerOptions {
  readonly calls: RawCalls;
  readonly locks: TickLocks;
  readonly leases: Leases;
  readonly clock: Clock;
  readonly logger: Log;
}

/** Has occurrences: claims the instant, asks the condition, calls the function and waits for its answer (§4.4). */
export class Runner {
  constructor(private readonly options: RunnerOptions) {}

  /** Never rejects. */
  async run(occurrence: Occurrence): Promise<Run> {
    const { identity, binding, instant, isByHand, interruption } = occurrence;
    const { locks, leases, logger } = this.options;
    try {
      if (isByHand) return await this.#call(occurrence);
      if (!(await locks.claim(identity, instant))) return { outcome: 'taken' };
      leases.hold(identity, interruption);
      try {
        return await this.#call(occurrence);
      } finally {
        await leases.letGo(identity);
      }
    } catch (error) {
      const failure = failureOf(error);
      const fields = { job_id: binding.id, function_id: binding.functionId, code: failure.code, err: error };
      logger.error(fields, `the occurrence of ${wholeSeconds(instant)} failed: ${failure.message}`);
      return { outcome: 'failed', error: failure };
    }
  }

  async #call({ binding, instant, isByHand, interruption }: Occurrence): Promise<Run> {
    const payload = rawFromValue({
      trigger: 'cron',
      job_id: binding.id,
      scheduled_time: wholeSeconds(instant),
      actual_time: withMilliseconds(this.options.clock.now()),
      ...(isByHand ? { run_now: true } : {}),
    });
    if (!(await this.#holds(binding, payload, interruption))) return { outcome: 'condition' };
    const { functionId, namespace, metadata, timeoutMs } = binding;
    await this.options.calls.trigger({
      function_id: functionId,
      payload,
      namespace,
      timeoutMs,
      signal: interruption,
      ...(metadata === undefined ? {} : { metadata }),
    });
    return { outcome: 'done' };
  }

  async #holds(binding: Binding, payload: RawJson, signal: Interruption): Promise<boolean> {
    const { conditionFunctionId, namespace, timeoutMs } = binding;
    if (conditionFunctionId === undefined) return true;
    const result = await this.options.calls.trigger({
      function_id: conditionFunctionId,
      payload,
      namespace,
      timeoutMs,
      signal,
    });
    // DESIGN D7
    return result !== undefined && Boolean(parseRaw(result));
  }
}

function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof InvocationError)) return { code: 'not_run', message };
  // The message of an InvocationError begins with its code, for people.
  return { code: error.code, message: message.slice(`${error.code}: `.length) };
}
