import {
  assumeRawJson,
  CALLER_MEMBER,
  ENQUEUE_FUNCTION,
  ENQUEUE_MANY_FUNCTION,
  isRawArray,
  joinRaw,
  parseRaw,
  quoted,
  RAW_NULL,
  type RawJson,
  rawElements,
  rawFromValue,
  rawMembers,
  rawParts,
  rawPartsList,
} from 'iii-protocol';
import { type Static, Type } from 'iii-protocol/schema';
import { QueueError } from '../errors.js';
import { isRecord } from '../is-record.js';
import { type JobOptions, JobOptions as JobOptionsSchema, readOptions } from '../job-options.js';
import type { JobRequest } from '../named-queues.js';
import type { QueueService } from '../service.js';
import type { Accepted } from '../store/job-store.js';
import { check, type Functions, guarded, queueErrorOf, unreadable } from './register.js';

/** Member of the metadata of a call that asks for more than to be queued (spec/worker-queue.md §17.3). */
export const OPTIONS_MEMBER = 'iii.queue';

const Any = Type.Optional(Type.Unknown());

/** What the engine hands over (§2.3); `data` stays as it is spelled. */
const ProviderInput = Type.Object(
  {
    queue: Type.String(),
    function_id: Type.String(),
    data: Any,
    messageReceiptId: Type.String(),
    namespace: Type.Optional(Type.String()),
    traceparent: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    baggage: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    [CALLER_MEMBER]: Any,
  },
  { additionalProperties: false },
);

/** The same as one of many, with the metadata of its call. Its receipt is made here unless it has one. */
const OneOfMany = Type.Object(
  { ...ProviderInput.properties, messageReceiptId: Type.Optional(Type.String()), metadata: Any },
  { additionalProperties: false },
);

const EnqueueInput = Type.Object({
  queue: Type.String({ minLength: 1 }),
  function_id: Type.String({ minLength: 1 }),
  data: Any,
  namespace: Type.Optional(Type.String({ minLength: 1 })),
  metadata: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
  options: Type.Optional(JobOptionsSchema),
});

const MAX_BATCH = 1_000;
const Receipt = Type.Object({
  messageReceiptId: Type.String(),
  deduplicated: Type.Optional(Type.Boolean()),
});

/** The ways jobs come in. */
export function addEnqueueFunctions(functions: Functions, service: QueueService): void {
  functions.addRaw(
    ENQUEUE_FUNCTION,
    {
      description: 'Stores a job in a named queue; the engine calls it for calls with the action enqueue.',
      input: ProviderInput,
      output: Receipt,
    },
    async (raw, metadata) => {
      const values = rawParts(raw) ?? valuesOf(rawMembers(raw));
      const isOne = isHandedOver(values) && values.messageReceiptId !== undefined && !('metadata' in values);
      const input = isOne ? values : check(ENQUEUE_FUNCTION, ProviderInput, values);
      const request = requestIn(input, dataIn(values), metadata);
      return accepted(await guarded('enqueue_failed', () => service.enqueue([request])));
    },
  );
  functions.addRaw(
    ENQUEUE_MANY_FUNCTION,
    {
      description: 'Stores jobs, each for itself; the engine calls it for calls that come together.',
      input: Type.Object({ jobs: Type.Array(OneOfMany) }),
      isInternal: true,
    },
    async (raw) => {
      const jobs =
        rawPartsList(raw) ??
        jobsIn(ENQUEUE_MANY_FUNCTION, rawMembers(raw)).map((job) => valuesOf(rawMembers(job)));
      return rawOutcomes(await guarded('enqueue_failed', () => service.enqueueEach(jobs, oneOfMany)));
    },
  );
  functions.addRaw(
    'iii::queue::enqueue',
    { description: 'Puts a job into a named queue, with options.', input: EnqueueInput, output: Receipt },
    async (raw) => {
      const request = readRequest('iii::queue::enqueue', raw);
      return accepted(await guarded('enqueue_failed', () => service.enqueue([request])));
    },
  );
  functions.addRaw(
    'iii::queue::enqueue_batch',
    {
      description: 'Puts up to 1000 jobs into queues: all of them or, unless atomic is false, none.',
      input: Type.Object({ jobs: Type.Array(EnqueueInput), atomic: Type.Optional(Type.Boolean()) }),
    },
    async (raw) => rawFromValue(await batch(raw, service)),
  );
}

/** @throws QueueError deserialization_error */
function requestIn(input: Static<typeof OneOfMany>, data: RawJson, metadata: unknown): JobRequest {
  const {
    queue,
    function_id: functionId,
    messageReceiptId: receipt,
    namespace,
    traceparent,
    baggage,
  } = input;
  requireText('queue', queue);
  requireText('function_id', functionId);
  const { options, rest } = split(metadata);
  const request = {
    queue: queue.trim(),
    functionId,
    namespace,
    data,
    metadata: rest,
    traceparent: traceparent ?? undefined,
    baggage: baggage ?? undefined,
    options,
  };
  if (receipt === undefined) return request;
  requireText('messageReceiptId', receipt);
  return { ...request, receipt };
}

/** @throws QueueError invalid_job */
function requireText(name: string, text: string): void {
  if (isAsciiMark(text.charCodeAt(0)) || text.trim() !== '') return;
  throw new QueueError('invalid_job', `${name} is blank`);
}

/** Whether there is something to be seen of it: most texts begin so, and then the rest does not matter. */
function isAsciiMark(character: number): boolean {
  return character > 0x20 && character < 0x7f;
}

/** Its metadata is among its members. @throws QueueError deserialization_error */
function oneOfMany(values: Record<string, unknown>): JobRequest {
  const input = isHandedOver(values) ? values : check(ENQUEUE_MANY_FUNCTION, OneOfMany, values);
  const { metadata } = values;
  const given = metadata instanceof Uint8Array ? parseRaw(assumeRawJson(metadata)) : metadata;
  return requestIn(input, dataIn(values), given);
}

/** What is said of each of the jobs, in their order: `null` of those that were not accepted, and why beside it. */
function rawOutcomes(results: ReadonlyArray<PromiseSettledResult<Accepted>>): RawJson {
  const errors: Array<readonly [string, object]> = [];
  const replies = results.map((result, at) => {
    if (result.status === 'fulfilled') return textOfReceipt(result.value);
    const { code, message } = queueErrorOf('enqueue_failed', result.reason);
    errors.push([String(at), { code, message }]);
    return 'null';
  });
  const told = errors.length === 0 ? '' : `,"errors":${JSON.stringify(Object.fromEntries(errors))}`;
  return joinRaw([`{"replies":[${replies.join()}]${told}}`]);
}

async function batch(raw: RawJson, service: QueueService) {
  const id = 'iii::queue::enqueue_batch';
  const members = rawMembers(raw);
  const atomic = members.has('atomic') ? parseRaw(members.get('atomic') ?? RAW_NULL) : true;
  if (typeof atomic !== 'boolean') throw unreadable(id, 'atomic: expected a boolean');
  const list = jobsIn(id, members);
  const read = (element: RawJson) => readRequest(id, element);
  if (atomic) {
    const requests = list.map(read);
    return { receipts: (await guarded('enqueue_failed', () => service.enqueue(requests))).map(receiptOf) };
  }
  const receipts = list.map(async (element) => {
    try {
      const [one] = await guarded('enqueue_failed', () => service.enqueue([read(element)]));
      return one === undefined ? { error: 'not accepted' } : receiptOf(one);
    } catch (error) {
      if (error instanceof QueueError) return { error: { code: error.code, message: error.message } };
      throw error;
    }
  });
  return { receipts: await Promise.all(receipts) };
}

/** @throws QueueError deserialization_error */
function jobsIn(id: string, members: ReadonlyMap<string, RawJson>): RawJson[] {
  const jobs = members.get('jobs');
  if (jobs === undefined || !isRawArray(jobs)) throw unreadable(id, 'jobs: expected an array');
  const list = rawElements(jobs);
  if (list.length > MAX_BATCH) throw unreadable(id, `jobs: ${list.length} are more than ${MAX_BATCH}`);
  return list;
}

function readRequest(id: string, raw: RawJson): JobRequest {
  const values = valuesOf(rawMembers(raw));
  const input: Static<typeof EnqueueInput> = check(id, EnqueueInput, values);
  return {
    queue: input.queue,
    functionId: input.function_id,
    namespace: input.namespace,
    data: dataIn(values),
    metadata: input.metadata,
    options: readOptions(input.options),
  };
}

/** The members of an input as values, but for the data, which stays as it is spelled. */
function valuesOf(members: ReadonlyMap<string, RawJson>): Record<string, unknown> {
  const values: Record<string, unknown> = {};
  for (const [name, raw] of members) {
    const value = name === 'data' ? raw : parseRaw(raw);
    // An assignment to it would be none.
    if (name === '__proto__') Object.defineProperty(values, name, { value, enumerable: true });
    else values[name] = value;
  }
  return values;
}

function dataIn({ data }: Readonly<Record<string, unknown>>): RawJson {
  return data === undefined ? RAW_NULL : (data as RawJson);
}

const MEMBERS = new Set(Object.keys(OneOfMany.properties));

/** The same as the schema of one of many says, at a fraction of the cost; what it does not like, the schema explains. */
function isHandedOver(values: Readonly<Record<string, unknown>>): values is Static<typeof OneOfMany> {
  for (const name in values) if (!MEMBERS.has(name)) return false;
  const { queue, function_id, messageReceiptId, namespace, traceparent, baggage } = values;
  return (
    typeof queue === 'string' &&
    typeof function_id === 'string' &&
    (messageReceiptId === undefined || typeof messageReceiptId === 'string') &&
    (namespace === undefined || typeof namespace === 'string') &&
    (traceparent === undefined || traceparent === null || typeof traceparent === 'string') &&
    (baggage === undefined || baggage === null || typeof baggage === 'string')
  );
}

/** What the caller asked of the queue, and what is meant for the target. @throws QueueError */
function split(metadata: unknown): { readonly options: JobOptions; readonly rest: unknown } {
  if (!isRecord(metadata)) return { options: {}, rest: metadata ?? undefined };
  const { [OPTIONS_MEMBER]: options, ...rest } = metadata;
  return { options: readOptions(options), rest: Object.keys(rest).length === 0 ? undefined : rest };
}

function accepted([one]: readonly Accepted[]): RawJson {
  if (one === undefined) throw new QueueError('enqueue_failed', 'the job was not stored');
  return rawFromValue(receiptOf(one));
}

/** The text of {@link receiptOf}, written out, which takes little more than half as long as `JSON` does. */
function textOfReceipt({ receipt, deduplicated }: Accepted): string {
  return `{"messageReceiptId":${quoted(receipt)}${deduplicated ? ',"deduplicated":true' : ''}}`;
}

function receiptOf({ receipt, deduplicated }: Accepted) {
  return deduplicated ? { messageReceiptId: receipt, deduplicated } : { messageReceiptId: receipt };
}
