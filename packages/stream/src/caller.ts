import { DEFAULT_NAMESPACE, parseRaw, type RawJson } from 'iii-protocol';
import { type IIIClient, InvocationError } from 'iii-sdk';
import { type RawCalls, rawCalls } from 'iii-sdk/link';

/** A function to call, with what its binding sends along. */
export interface Target {
  readonly functionId: string;
  readonly namespace?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Calls functions with payloads that are text already. */
export class Caller {
  readonly #calls: RawCalls;

  /** @param signal ends the calls that are still waited for. */
  constructor(
    iii: IIIClient,
    private readonly signal: AbortSignal,
  ) {
    this.#calls = rawCalls(iii);
  }

  /**
   * @returns the result as text; undefined when there was none.
   * @throws InvocationError
   */
  call(target: Target, payload: RawJson, timeoutMs?: number): Promise<RawJson | undefined> {
    const { functionId, namespace = DEFAULT_NAMESPACE, metadata } = target;
    return this.#calls.trigger({
      function_id: functionId,
      payload,
      namespace,
      signal: this.signal,
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      ...(metadata === undefined ? {} : { metadata }),
    });
  }

  /** Whether the result of a condition lets the handler run (DESIGN D7). */
  async holds(condition: Target, payload: RawJson, timeoutMs?: number): Promise<boolean> {
    const result = await this.call(condition, payload, timeoutMs);
    return result !== undefined && Boolean(parseRaw(result));
  }
}

/** Code and message of a failed call, as its function gave them. */
export function failureOf(error: unknown): { readonly code: string; readonly message: string } {
  if (!(error instanceof InvocationError)) return { code: 'invocation_failed', message: messageOf(error) };
  const { code, message } = error;
  // The message of an InvocationError begins with its code, for people.
  return { code, message: message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message };
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
