import { type Log, RAW_NULL } from 'iii-protocol';
import { InvocationError } from 'iii-sdk';
import { requestFields } from '../request/payload.js';
import { withRequestId } from '../request/request-id.js';
import { traceOf } from '../request/trace.js';
import { type Answer, errorAnswer, failureAnswer, newErrorId } from '../response/answer.js';
import { Caller } from './caller.js';
import type { Exchange } from './exchange.js';
import { type Progress, type Services, type Step, stepsOf } from './steps.js';

/** Does what a request needs, step by step, until one has its answer or nobody waits for it. Never rejects. */
export async function runExchange(exchange: Exchange, services: Services): Promise<void> {
  const { iii, logger } = services;
  const { request } = exchange;
  const progress: Progress = {
    exchange,
    fields: requestFields(request, exchange.pathParams, withRequestId(request.headers, exchange.id)),
    caller: new Caller(iii, exchange, traceOf(request)),
    services,
    context: Object.create(null),
    body: RAW_NULL,
    rawBody: undefined,
  };
  for (const step of stepsOf(exchange)) {
    exchange.waitsFor(step.activity);
    let answer: Answer | undefined;
    try {
      answer = await step.run(progress);
    } catch (error) {
      answer = failure(exchange, step, error, logger);
    }
    if (answer !== undefined) exchange.answer(answer);
    if (!exchange.isOpen) return;
  }
}

/** spec/worker-http.md §8.3: a function that fails is 500 with its own code and message. */
function failure(exchange: Exchange, step: Step, error: unknown, logger: Log): Answer | undefined {
  if (!exchange.isOpen) return undefined;
  const errorId = newErrorId();
  const functionId = step.functionId ?? exchange.route.functionId;
  const fields = { error_id: errorId, ...exchange.logFields, function_id: functionId };
  if (!(error instanceof InvocationError)) {
    logger.error({ ...fields, err: error }, 'a request could not be served');
    return errorAnswer('INTERNAL_ERROR', errorId);
  }
  const { code, stacktrace } = error;
  const message = error.message.slice(`${code}: `.length);
  logger.error({ ...fields, code, stacktrace }, `${functionId} failed: ${message}`);
  return failureAnswer(code, message, errorId);
}
