import type { RequestHead } from 'iii-listener';
import { type Deadlines, type Log, parseRaw, type RawJson, rawMembers } from 'iii-protocol';
import type { IIIClient } from 'iii-sdk';
import { isRecord } from '../is-record.js';
import { readBody } from '../request/body.js';
import { feedBody } from '../request/feed.js';
import { fitsOneMessage, isJsonType, parseJsonBody } from '../request/json-body.js';
import {
  callPayload,
  handlerPayload,
  middlewarePayload,
  type RequestFields,
  type RequestParts,
} from '../request/payload.js';
import { type Answer, errorAnswer } from '../response/answer.js';
import { middlewareAnswer } from '../response/result.js';
import type { Caller } from './caller.js';
import { openChannels, refsOf } from './channels.js';
import type { Activity, Exchange } from './exchange.js';
import { HandlerAnswer } from './handler-answer.js';

/** What serving a request gathers on its way to the handler. */
export interface Progress {
  readonly exchange: Exchange;
  readonly fields: RequestFields;
  readonly caller: Caller;
  readonly services: Services;
  /** What middleware hands on (spec/worker-http.md §20.35). Has no prototype. */
  readonly context: Record<string, unknown>;
  body: RawJson;
  /** The bytes of the body where it was read; undefined where the handler gets it as it comes. */
  rawBody: Uint8Array | undefined;
}

/** What serving any request needs. */
export interface Services {
  readonly iii: IIIClient;
  readonly logger: Log;
  readonly deadlines: Deadlines;
}

/** One thing to do for a request. An answer ends it; nothing leads to the next step. */
export interface Step {
  readonly activity: Activity;
  /** What it calls, where that is not the function of the route. */
  readonly functionId?: string;
  run(progress: Progress): Promise<Answer | undefined>;
}

/** Everything to do for a request, in order (§5). */
export function stepsOf({ route, settings }: Exchange): readonly Step[] {
  const { conditionId } = route;
  if (settings.middlewareIds.length + route.middlewareIds.length === 0 && conditionId === undefined) {
    return FEWEST;
  }
  return [
    ...settings.middlewareIds.map((id) => middleware(id, 'global')),
    body,
    ...(conditionId === undefined ? [] : [condition(conditionId)]),
    ...route.middlewareIds.map((id) => middleware(id, 'route')),
    handler,
  ];
}

/** §7 */
function middleware(functionId: string, kind: 'global' | 'route'): Step {
  return {
    activity: 'middleware',
    functionId,
    async run(progress) {
      const { caller, context, fields } = progress;
      const payload = middlewarePayload(fields, context);
      const result = await (kind === 'global'
        ? caller.callGlobal(functionId, payload)
        : caller.call(functionId, payload));
      const members = rawMembers(result);
      const action = parsed(members.get('action'));
      const handedOn = parsed(members.get('context'));
      if (action === 'respond') {
        return middlewareAnswer(members.get('response'), headerWarning(progress, functionId));
      }
      if (action !== 'continue') {
        warn(
          progress,
          functionId,
          'middleware returned neither {action: "continue"} nor {action: "respond"}',
        );
      } else if (isRecord(handedOn)) {
        Object.assign(context, handedOn);
      }
      return undefined;
    },
  };
}

/** §6.3 */
const body: Step = {
  activity: 'other',
  async run(progress) {
    const { exchange } = progress;
    if (!isJsonType(contentTypeOf(exchange.request))) return undefined;
    const { request, settings, bodyShare } = exchange;
    exchange.leaveSlot();
    const read = await readBody(request, settings.bodyLimit, bodyShare);
    switch (read.outcome) {
      case 'too_large':
        return errorAnswer('PAYLOAD_TOO_LARGE');
      case 'no_room':
        return errorAnswer('OVERLOADED');
      case 'aborted':
        // An answer that is on its way, such as that the time is up, has given the body up and may still leave.
        if (exchange.isOpen) exchange.abandon();
        return undefined;
      case 'read':
        await exchange.regainSlot();
        progress.rawBody = read.bytes;
        progress.body = parseJsonBody(read.bytes);
        return fitsOneMessage(progress.body) ? undefined : errorAnswer('PAYLOAD_TOO_LARGE');
    }
  },
};

/** §7.5, by truthiness. */
function condition(functionId: string): Step {
  return {
    activity: 'other',
    functionId,
    async run(progress) {
      const result = await progress.caller.call(functionId, callPayload(partsOf(progress)));
      return parseRaw(result) ? undefined : errorAnswer('CONDITION_NOT_MET');
    },
  };
}

/** §8. The channels are opened here and not before, so that a request that middleware answers costs none. */
const handler: Step = {
  activity: 'other',
  async run(progress) {
    const { exchange, caller, rawBody } = progress;
    const { iii, logger, deadlines } = progress.services;
    const { functionId } = exchange.route;
    const channels = await openChannels(iii);
    if (!exchange.isOpen) {
      channels.response.remove();
      channels.requestBody.remove();
      return undefined;
    }
    channels.requestBody.onUsed((stream) => {
      if (channels.requestBody.isAttached) exchange.streams();
      // That the handler has had enough is no error.
      stream.on('error', () => {});
      if (rawBody === undefined) feedBody(exchange.request, stream);
      else stream.end(rawBody);
    });
    const answer = new HandlerAnswer(exchange, channels, {
      functionId,
      deadlines,
      logger,
      dropped: headerWarning(progress, functionId),
      ignored: (message) => warn(progress, functionId, message),
    });
    // Awaited here: a promise that is returned takes three turns of the queue instead of one.
    return await answer.of(caller.callHandler(handlerPayload(partsOf(progress), refsOf(channels))));
  },
};

/** Most routes have neither middleware nor a condition. */
const FEWEST: readonly Step[] = [body, handler];

function partsOf({ exchange, fields, body, context }: Progress): RequestParts {
  return { fields, route: exchange.route, body, context };
}

function parsed(raw: RawJson | undefined): unknown {
  return raw === undefined ? undefined : parseRaw(raw);
}

/** Of a repeated header the last value counts (§6.1). */
function contentTypeOf({ headers }: RequestHead): string | undefined {
  return headers.findLast(([name]) => name === 'content-type')?.[1];
}

function headerWarning(progress: Progress, functionId: string): (name: string, reason: string) => void {
  return (name, reason) =>
    warn(progress, functionId, `left out the header ${JSON.stringify(name)}: ${reason}`);
}

function warn({ exchange, services }: Progress, functionId: string, message: string): void {
  services.logger.warn({ ...exchange.logFields, function_id: functionId }, message);
}
