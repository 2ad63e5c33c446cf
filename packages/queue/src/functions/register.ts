import { parseRaw, type RawJson, rawFromValue } from 'iii-protocol';
import { type Static, type TObject, type TSchema, Value } from 'iii-protocol/schema';
import type { IIIClient } from 'iii-sdk';
import { rawCalls } from 'iii-sdk/link';
import { QueueError, type QueueErrorCode } from '../errors.js';
import { isRecord } from '../is-record.js';

/** A function of this worker. */
export interface QueueFunction<Input extends TObject> {
  readonly id: string;
  readonly description: string;
  /** Members beyond it are ignored, unless it says otherwise. */
  readonly input: Input;
  readonly output?: TSchema;
  /** Code of what goes wrong in the store. */
  readonly failure: QueueErrorCode;
  run(input: Static<Input>): unknown;
}

/** Offers functions under their ids. @returns withdraws them. */
export class Functions {
  readonly #offered: Array<{ unregister(): void }> = [];

  constructor(private readonly iii: IIIClient) {}

  /** A function whose input is read, checked, and given as a value. */
  add<Input extends TObject>(definition: QueueFunction<Input>): this {
    const { id, input, failure } = definition;
    return this.addRaw(id, definition, async (data) => {
      const value = check(id, input, parseRaw(data));
      const result = await guarded(failure, () => definition.run(value));
      return rawFromValue(result ?? null);
    });
  }

  /** A function that takes its input as it is spelled. */
  addRaw(
    id: string,
    about: {
      readonly description: string;
      readonly input?: TSchema;
      readonly output?: TSchema;
      /** Listings leave it out unless they are asked for all. */
      readonly isInternal?: boolean;
    },
    handler: (data: RawJson, metadata: unknown) => Promise<RawJson>,
  ): this {
    const format = (schema: TSchema | undefined) =>
      schema && (JSON.parse(JSON.stringify(schema)) as Record<string, unknown>);
    const request = format(about.input);
    const response = format(about.output);
    this.#offered.push(
      rawCalls(this.iii).registerFunction(id, handler, {
        description: about.description,
        ...(request === undefined ? {} : { request_format: request }),
        ...(response === undefined ? {} : { response_format: response }),
        ...(about.isInternal ? { metadata: { internal: true } } : {}),
      }),
    );
    return this;
  }

  unregister(): void {
    for (const offered of this.#offered.splice(0)) offered.unregister();
  }
}

/** @throws QueueError deserialization_error */
export function check<Schema extends TSchema>(id: string, schema: Schema, value: unknown): Static<Schema> {
  const given = Value.Default(schema, value ?? {});
  if (Value.Check(schema, given)) return given;
  const [first] = Value.Errors(schema, given);
  const where = first?.path.slice(1).replaceAll('/', '.');
  const what = `${first?.message ?? 'not valid'}, not ${(JSON.stringify(first?.value) ?? 'undefined').slice(0, 60)}`;
  throw unreadable(id, where ? `${where}: ${what}` : what);
}

export function unreadable(id: string, detail: string): QueueError {
  return new QueueError('deserialization_error', `Failed to deserialize input for ${id}: ${detail}`);
}

/** Errors of the store get the code callers know; those of this worker have theirs. */
export async function guarded<T>(failure: QueueErrorCode, run: () => T | Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    throw queueErrorOf(failure, error);
  }
}

/** What callers are told of an error. */
export function queueErrorOf(failure: QueueErrorCode, error: unknown): QueueError {
  if (error instanceof QueueError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new QueueError(failure, message, { cause: error });
}

/** What stands under a name or its alias; both at a time are an error, as in official workers. */
export function aliased(id: string, input: object, name: string, alias: string): string | undefined {
  const members = isRecord(input) ? input : {};
  const [value, other] = [members[name], members[alias]];
  if (value !== undefined && other !== undefined) throw unreadable(id, `duplicate field \`${name}\``);
  const found = value ?? other;
  return typeof found === 'string' ? found : undefined;
}
