import type { RawJson } from 'iii-protocol';
import { HandlerError, type IIIClient } from 'iii-sdk';
import { rawCalls } from 'iii-sdk/link';
import type { RegisterFunctionFormat } from 'iii-sdk/protocol';
import { StreamError } from '../errors.js';
import { inputs, readInput, type StreamFunctionId, type StreamInput } from './inputs.js';
import type { Operations } from './operations.js';
import { outputs } from './outputs.js';

const DESCRIPTIONS: Readonly<Record<StreamFunctionId, string>> = {
  'stream::set': 'Stores an item of a stream, and tells who follows it.',
  'stream::get': 'The value of an item; nothing when there is none.',
  'stream::delete': 'Deletes an item, and tells who follows it.',
  'stream::update': 'Changes an item by operations, atomically, and tells who follows it.',
  'stream::list': 'The values of a group, in the order they came to be.',
  'stream::list_groups': 'The groups of a stream that have items.',
  'stream::list_all': 'All streams that have items, with their groups.',
  'stream::send': 'Tells who follows a group about something that is not stored.',
};

/** The functions of the worker, offered until they are withdrawn. */
export class OfferedFunctions {
  readonly #refs: Array<{ unregister(): void }> = [];
  readonly #running = new Set<Promise<unknown>>();

  constructor(
    private readonly iii: IIIClient,
    operations: Operations,
  ) {
    this.#offer('stream::set', (input) => operations.set(input));
    this.#offer('stream::get', (input) => operations.get(input));
    this.#offer('stream::delete', (input) => operations.delete(input));
    this.#offer('stream::update', (input) => operations.update(input));
    this.#offer('stream::list', (input) => operations.list(input));
    this.#offer('stream::list_groups', (input) => operations.listGroups(input));
    this.#offer('stream::list_all', () => operations.listAll());
    this.#offer('stream::send', (input) => operations.send(input));
  }

  /** Takes no more calls, and resolves once those that run are answered. */
  async withdraw(): Promise<void> {
    for (const ref of this.#refs.splice(0)) ref.unregister();
    await Promise.allSettled(this.#running);
  }

  #offer<Id extends StreamFunctionId>(
    id: Id,
    run: (input: StreamInput<Id>) => Promise<RawJson | undefined>,
  ): void {
    const handler = (data: RawJson) => {
      const answer = answering(() => run(readInput(id, data)));
      this.#running.add(answer);
      const done = () => this.#running.delete(answer);
      answer.then(done, done);
      return answer;
    };
    const response = outputs[id];
    this.#refs.push(
      rawCalls(this.iii).registerFunction(id, handler, {
        description: DESCRIPTIONS[id],
        request_format: { ...inputs[id] } as RegisterFunctionFormat,
        ...(response === undefined ? {} : { response_format: { ...response } as RegisterFunctionFormat }),
      }),
    );
  }
}

/** Callers see the code of the error. */
async function answering<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StreamError ? new HandlerError(error.code, error.message) : error;
  }
}
