import { applyOperations, type FailedOperation, type Operation } from 'iii-document';
import { isRawNull, isRawObject, type RawJson, rawFromMixed, rawMembers, textOfRaw } from 'iii-protocol';
import { HandlerError } from 'iii-sdk';
import { type Caller, failureOf, type Target } from '../caller.js';
import { StreamError, type StreamErrorCode } from '../errors.js';
import type { GroupAddress, ItemAddress } from '../store/adapter.js';
import { unavailable } from './directory.js';
import type { KeyedLock } from './keyed-lock.js';

/** What a write through a provider has done. */
export interface ProvidedChange {
  readonly oldValue: RawJson | undefined;
  readonly newValue: RawJson | undefined;
  /** As the provider spelled them. */
  readonly errors?: RawJson | readonly FailedOperation[] | undefined;
}

/** Calls the functions of a stream that a worker provides, and understands their answers (spec §2.9). */
export class ProvidedStream {
  constructor(
    private readonly caller: Caller,
    private readonly lock: KeyedLock,
  ) {}

  /** What it answers is passed on as it is; undefined when it answers nothing. */
  async read(provider: Target, address: GroupAddress | ItemAddress): Promise<RawJson | undefined> {
    return this.#call(provider, payloadOf(address), (code, message) => new HandlerError(code, message));
  }

  async listGroups(provider: Target, streamName: string): Promise<RawJson | undefined> {
    const payload = rawFromMixed({ stream_name: streamName });
    return this.#call(provider, payload, (code, message) => new HandlerError(code, message));
  }

  async set(provider: Target, item: ItemAddress, data: RawJson): Promise<ProvidedChange> {
    return changeOf(await this.#write(provider, payloadOf(item, { data }), 'STREAM_SET_ERROR'), provider);
  }

  async delete(provider: Target, item: ItemAddress): Promise<ProvidedChange> {
    const answer = await this.#write(provider, payloadOf(item), 'STREAM_DELETE_ERROR');
    return { oldValue: present(membersOf(answer, provider).get('old_value')), newValue: undefined };
  }

  async update(provider: Target, item: ItemAddress, ops: RawJson): Promise<ProvidedChange> {
    return changeOf(await this.#write(provider, payloadOf(item, { ops }), 'STREAM_UPDATE_ERROR'), provider);
  }

  /** For providers without `update`: reads, applies, sets; one at a time for each item (§2.13.12). */
  emulateUpdate(
    { get, set }: { readonly get: Target; readonly set: Target },
    item: ItemAddress,
    operations: readonly Operation[],
  ): Promise<ProvidedChange> {
    const { streamName, groupId, itemId } = item;
    return this.lock.run(JSON.stringify([streamName, groupId, itemId]), async () => {
      const current = present(await this.read(get, item));
      const { value, errors } = applyOperations(current, operations);
      const answer = await this.#write(set, payloadOf(item, { data: value }), 'STREAM_UPDATE_ERROR');
      return { ...changeOf(answer, set), errors };
    });
  }

  async #write(provider: Target, payload: RawJson, code: StreamErrorCode): Promise<RawJson> {
    const answer = await this.#call(
      provider,
      payload,
      (cause, message) => new StreamError(code, `${provider.functionId} failed with ${cause}: ${message}`),
    );
    if (answer === undefined || isRawNull(answer)) {
      throw new StreamError(code, `${provider.functionId} returned nothing`);
    }
    return answer;
  }

  async #call(
    provider: Target,
    payload: RawJson,
    failure: (code: string, message: string) => Error,
  ): Promise<RawJson | undefined> {
    try {
      return await this.caller.call(provider, payload);
    } catch (error) {
      const { code, message } = failureOf(error);
      // It was there a moment ago; a function that it calls may be missing too, and that is its own failure.
      if (code === 'function_not_found' && message.includes(provider.functionId))
        throw unavailable(provider.functionId);
      throw failure(code, message);
    }
  }
}

function payloadOf(address: GroupAddress | ItemAddress, more: { readonly [name: string]: RawJson } = {}) {
  const { streamName, groupId } = address;
  return rawFromMixed({
    stream_name: streamName,
    group_id: groupId,
    ...('itemId' in address ? { item_id: address.itemId } : {}),
    ...more,
  });
}

function changeOf(answer: RawJson, provider: Target): ProvidedChange {
  const members = membersOf(answer, provider);
  const newValue = members.get('new_value');
  if (newValue === undefined) throw undecodable(provider, 'new_value is missing in', answer);
  return {
    oldValue: present(members.get('old_value')),
    newValue,
    errors: presentList(members.get('errors')),
  };
}

function membersOf(answer: RawJson, provider: Target): ReadonlyMap<string, RawJson> {
  if (!isRawObject(answer)) throw undecodable(provider, 'expected an object, not', answer);
  return rawMembers(answer);
}

/** `null` counts as nothing: providers of other languages cannot tell them apart (§2.9). */
function present(value: RawJson | undefined): RawJson | undefined {
  return value === undefined || isRawNull(value) ? undefined : value;
}

/** Python writes a list without entries where there were no errors. */
function presentList(errors: RawJson | undefined): RawJson | undefined {
  return errors === undefined || isRawNull(errors) || textOfRaw(errors) === '[]' ? undefined : errors;
}

function undecodable({ functionId }: Target, problem: string, answer: RawJson): StreamError {
  const text = textOfRaw(answer);
  return new StreamError(
    'JSON_ERROR',
    `${functionId}: ${problem} ${text.length > 80 ? `${text.slice(0, 80)}…` : text}`,
  );
}
