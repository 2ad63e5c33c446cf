import { parseRaw, type RawJson, systemClock } from 'iii-protocol';
import { type IIIClient, InvocationError } from 'iii-sdk';
import { createClient, type JsonText, WebSocketLink } from 'iii-sdk/link';
import { CliError, RemoteError } from '../errors.js';
import { connectionProblem } from './connection-problems.js';
import type { EngineTarget } from './target.js';
import { wireJson } from './wire-json.js';

/** The longest a timer can be, some 25 days. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface EngineCall {
  readonly functionId: string;
  readonly payload: RawJson;
  readonly namespace?: string | undefined;
  /** Milliseconds until the answer must be there, connecting included. */
  readonly timeoutMs: number;
}

/** A client for the length of one command. It tries once, and says at once why it cannot. */
export class EngineConnection {
  readonly #client: IIIClient;
  /** Rejects when the connection cannot be made or is lost; stays open otherwise. */
  readonly #failure: Promise<never>;

  /** @param json by default, payloads and results are texts: see {@link wireJson}. */
  constructor(
    private readonly target: EngineTarget,
    workerName: string,
    json: JsonText = wireJson,
  ) {
    let fail: (error: CliError) => void = () => {};
    this.#failure = new Promise((_, reject) => {
      fail = reject;
    });
    // Nobody may be waiting when it happens.
    this.#failure.catch(() => {});
    const link = new WebSocketLink(target.url, {
      headers: { ...target.headers },
      reconnection: { maxRetries: 0 },
      json,
    });
    this.#client = createClient(link, {
      identity: {
        name: workerName,
        description: 'a command at a terminal',
        namespace: undefined,
        telemetry: {},
      },
      invocationTimeoutMs: Number.POSITIVE_INFINITY,
      console: {
        // The client tells of every problem here first; the first one is the cause of all that follow.
        problem: (_, error) => {
          const stage = this.#client.getConnectionState() === 'connecting' ? 'connecting' : 'connected';
          fail(connectionProblem(error, stage, target));
        },
        retrying: ignore,
        registered: ignore,
        triggerFailed: (_id, type, message) => fail(new CliError('trigger_refused', `${type}: ${message}`)),
        functionRejected: ignore,
      },
    });
  }

  /**
   * The result as the function spelled it; nothing when there is none.
   *
   * @throws RemoteError when the call was answered with an error.
   * @throws CliError when it was not answered.
   */
  async call({ functionId, payload, namespace, timeoutMs }: EngineCall): Promise<RawJson | undefined> {
    const deadline = this.#deadline(timeoutMs);
    try {
      const answer = this.#client.trigger<RawJson, RawJson | undefined>({
        function_id: functionId,
        payload,
        ...(namespace === undefined ? {} : { namespace }),
      });
      return await Promise.race([this.#failure, answer, deadline.passed]);
    } catch (error) {
      if (!(error instanceof InvocationError)) throw error;
      // Lost connections and deadlines are ours to tell, so whatever code this is, it came from the other side.
      throw new RemoteError(error.code, error.message.slice(`${error.code}: `.length), error.stacktrace);
    } finally {
      deadline.cancel();
    }
  }

  /**
   * Hears of every fire of a trigger until the connection is closed. The promise never resolves.
   *
   * @throws CliError when the trigger is refused, or the connection is lost.
   */
  async listen(triggerType: string, config: object, hear: (event: unknown) => void): Promise<never> {
    const functionId = `iii-cli::${triggerType}::${crypto.randomUUID()}`;
    this.#client.registerFunction(
      functionId,
      async (data: unknown) => hear(data instanceof Uint8Array ? parseRaw(data as RawJson) : data),
      { metadata: { internal: true } },
    );
    this.#client.registerTrigger({ type: triggerType, function_id: functionId, config });
    return this.#failure;
  }

  /**
   * Offers a function; resolves when the engine has taken it in.
   *
   * @throws CliError when that takes longer than `timeoutMs`, or the connection is lost.
   */
  async offer(functionId: string, handler: (data: unknown) => unknown, timeoutMs: number): Promise<void> {
    this.#client.registerFunction(functionId, async (data) => handler(data));
    const deadline = this.#deadline(timeoutMs);
    try {
      // An engine reads what comes on one connection in its order: the call comes after the offer.
      const own = this.#client.trigger({ function_id: functionId, payload: null });
      await Promise.race([this.#failure, own, deadline.passed]);
    } finally {
      deadline.cancel();
    }
  }

  /** Lets something use the client, and rejects as soon as the connection cannot be made or is lost. */
  whileConnected<T>(use: (client: IIIClient) => Promise<T>): Promise<T> {
    return Promise.race([this.#failure, use(this.#client)]);
  }

  /** Resolves when nothing of the connection keeps the process alive. */
  close(): Promise<void> {
    return this.#client.shutdown();
  }

  #deadline(timeoutMs: number): { readonly passed: Promise<never>; cancel(): void } {
    let cancel = ignore;
    const passed = new Promise<never>((_, reject) => {
      if (timeoutMs > LONGEST_TIMER_MS) return;
      const timer = systemClock.setTimeout(() => reject(this.#timedOut(timeoutMs)), timeoutMs);
      cancel = () => systemClock.clearTimeout(timer);
    });
    return { passed, cancel };
  }

  #timedOut(timeoutMs: number): CliError {
    const { place } = this.target;
    const what =
      this.#client.getConnectionState() === 'connected'
        ? `${place} sent no answer within ${timeoutMs} ms`
        : `${place} opened no connection within ${timeoutMs} ms`;
    const message = `Timed out waiting for the engine (no response within the timeout). ${what}`;
    return new CliError('timed_out', message);
  }
}

/** Connects for as long as `use` takes. */
export async function withEngine<T>(
  target: EngineTarget,
  workerName: string,
  use: (engine: EngineConnection) => Promise<T>,
): Promise<T> {
  const engine = new EngineConnection(target, workerName);
  try {
    return await use(engine);
  } finally {
    await engine.close();
  }
}

const ignore = (): void => {};
