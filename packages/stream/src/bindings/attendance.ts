import { isRawObject, type Log, parseRaw, type RawJson, rawFromMixed, rawMembers } from 'iii-protocol';
import type { Caller } from '../caller.js';
import type { Binding } from './binding.js';
import type { BindingTable } from './binding-table.js';

/** A subscription as functions bound to `stream:join` and `stream:leave` get to know it (spec §2.4). */
export interface Attendance {
  readonly subscriptionId: string;
  readonly streamName: string;
  readonly groupId: string;
  /** Undefined: the whole group. */
  readonly id: string | undefined;
}

export interface JoinRules {
  /** Milliseconds for each function. */
  readonly timeoutMs: number;
  /** Whether a function that fails lets the socket join. */
  readonly failOpen: boolean;
}

/** Asks, and tells, the functions bound to joining and leaving. */
export class Doorkeeper {
  constructor(
    private readonly joins: BindingTable,
    private readonly leaves: BindingTable,
    private readonly caller: Caller,
    private readonly logger: Log,
  ) {}

  /** Asks one function after the other, all of them, whatever they say. */
  async mayJoin(attendance: Attendance, context: RawJson, rules: JoinRules): Promise<boolean> {
    const payload = payloadOf(attendance, context);
    let isWelcome = true;
    for (const binding of this.joins.of(attendance.streamName)) {
      if (!(await this.#admits(binding, payload, rules))) isWelcome = false;
    }
    return isWelcome;
  }

  /** Tells one function after the other. What they answer, or fail with, changes nothing. */
  async hasLeft(attendance: Attendance, context: RawJson, timeoutMs: number): Promise<void> {
    const payload = payloadOf(attendance, context);
    for (const binding of this.leaves.of(attendance.streamName)) {
      try {
        await this.#call(binding, payload, timeoutMs);
      } catch (error) {
        this.#failed('stream:leave', binding, error);
      }
    }
  }

  async #admits(binding: Binding, payload: RawJson, { timeoutMs, failOpen }: JoinRules): Promise<boolean> {
    try {
      const result = await this.#call(binding, payload, timeoutMs);
      return result === undefined || !isRefusal(result);
    } catch (error) {
      this.#failed('stream:join', binding, error);
      return failOpen;
    }
  }

  /** @returns undefined also when the condition was not met. */
  async #call(
    { target, condition }: Binding,
    payload: RawJson,
    timeoutMs: number,
  ): Promise<RawJson | undefined> {
    if (condition !== undefined && !(await this.caller.holds(condition, payload, timeoutMs)))
      return undefined;
    return this.caller.call(target, payload, timeoutMs);
  }

  #failed(type: string, { id, target }: Binding, error: unknown): void {
    this.logger.error(
      { err: error, trigger_id: id, function_id: target.functionId },
      `a function bound to ${type} failed`,
    );
  }
}

/** Only `true` refuses; anything else that a function says about it does not. */
function isRefusal(result: RawJson): boolean {
  if (!isRawObject(result)) return false;
  const unauthorized = rawMembers(result).get('unauthorized');
  return unauthorized !== undefined && parseRaw(unauthorized) === true;
}

function payloadOf({ subscriptionId, streamName, groupId, id }: Attendance, context: RawJson): RawJson {
  return rawFromMixed({
    subscription_id: subscriptionId,
    stream_name: streamName,
    group_id: groupId,
    id: id ?? null,
    context,
  });
}
