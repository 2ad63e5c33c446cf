import {
  ChannelReader,
  ChannelWriter,
  type Connect,
  materializeRefs,
  type StreamChannelRef,
} from 'iii-channel/ends';
import { type ErrorBody, RAW_NULL, type Writable } from 'iii-protocol';
import { HandlerError } from '../errors.js';
import type { MessageOf, OutgoingMessage } from '../link/message.js';
import { plain, RawValue, rawOf } from '../link/raw-value.js';
import type { JsonValue } from '../types/json.js';
import type { RegisteredFunction } from './registrations.js';
import type { RunningCall, RunningCalls } from './running-calls.js';
import { type TraceHeaders, withTrace } from './trace.js';

/** What answering calls needs of the client. */
export interface InvocationContext {
  find(functionId: string): RegisteredFunction | undefined;
  /** @throws TypeError when the message has no JSON form. */
  send(message: OutgoingMessage): void;
  readonly connectChannel: Connect;
  readonly running: RunningCalls;
  problem(message: string, error: unknown): void;
}

type Invocation = MessageOf<'invokefunction'>;

/** Runs the function the engine asks for and sends its outcome (sdk-node.md §9.1). Never rejects. */
export async function answerInvocation(call: Invocation, context: InvocationContext): Promise<void> {
  const registered = context.find(call.function_id);
  const run = registered && runnerOf(registered, context.connectChannel);
  if (run === undefined) {
    reply(call, { error: registered === undefined ? NOT_FOUND : NOT_INVOKABLE }, context);
    return;
  }
  await context.running.run(call.invocation_id, async (running) => {
    let outcome: Outcome;
    try {
      outcome = { result: await withTrace(traceOf(call), () => run(call, running)) };
    } catch (error) {
      if (call.invocation_id === undefined && running.answering === 'whole')
        context.problem(`Error invoking function ${call.function_id}`, error);
      outcome = { error: errorBody(error) };
    }
    if (running.answering === 'none') return;
    reply(call, running.answering === 'whole' ? outcome : {}, context);
  });
}

type Runner = (call: Invocation, running: RunningCall) => unknown;

/** How a function is run; undefined for one that only the engine can call. */
function runnerOf({ handler, rawHandler }: RegisteredFunction, connect: Connect): Runner | undefined {
  if (rawHandler !== undefined) {
    return async (call, running) => {
      const result = await rawHandler(rawOf(call.data) ?? RAW_NULL, metadataOf(call), running);
      return result && new RawValue(result);
    };
  }
  return (
    handler &&
    ((call, running) => {
      const data = materializeRefs(plain(call.data), (ref) => endOf(ref, connect));
      return handler(data, metadataOf(call), running);
    })
  );
}

function metadataOf({ metadata }: Invocation): JsonValue | undefined {
  return plain(metadata) as JsonValue | undefined;
}

/** sdk-node.md §9.1 step 2. Nothing is connected by this. */
function endOf(ref: StreamChannelRef, connect: Connect): ChannelReader | ChannelWriter {
  return ref.direction === 'read' ? ChannelReader.over(connect, ref) : ChannelWriter.over(connect, ref);
}

type Outcome = { readonly result?: unknown } | { readonly error: ErrorBody };

const NOT_FOUND: ErrorBody = { code: 'function_not_found', message: 'Function not found' };
const NOT_INVOKABLE: ErrorBody = {
  code: 'function_not_invokable',
  message: 'Function is HTTP-invoked and cannot be invoked locally',
};

function reply(call: Invocation, outcome: Outcome, context: InvocationContext): void {
  const answer = answerTo(call);
  if (answer === undefined) return;
  if ('error' in outcome) answer.error = outcome.error;
  else if (outcome.result !== undefined) answer.result = outcome.result;
  try {
    context.send(answer);
  } catch (error) {
    // The result has no JSON form: a BigInt, a circle.
    delete answer.result;
    answer.error = errorBody(error);
    context.send(answer);
  }
}

type Answer = Extract<OutgoingMessage, { readonly type: 'invocationresult' }>;

/** Without an outcome; undefined when the call wants none. Member by member: a spread would cost more than all of it. */
function answerTo(call: Invocation): Writable<Answer> | undefined {
  const { invocation_id, function_id, traceparent, baggage } = call;
  if (invocation_id === undefined) return undefined;
  const answer: Writable<Answer> = {
    type: 'invocationresult',
    invocation_id,
    function_id,
  };
  if (traceparent !== undefined) answer.traceparent = traceparent;
  if (baggage !== undefined) answer.baggage = baggage;
  return answer;
}

function traceOf({ traceparent, baggage }: Invocation): TraceHeaders {
  const headers: Writable<TraceHeaders> = {};
  if (traceparent !== undefined) headers.traceparent = traceparent;
  if (baggage !== undefined) headers.baggage = baggage;
  return headers;
}

function errorBody(error: unknown): ErrorBody {
  const code = error instanceof HandlerError ? error.code : 'invocation_failed';
  if (!(error instanceof Error)) return { code, message: String(error) };
  return error.stack === undefined
    ? { code, message: error.message }
    : { code, message: error.message, stacktrace: error.stack };
}
