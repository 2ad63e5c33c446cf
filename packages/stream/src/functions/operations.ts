import { applyOperations, OperationsUnreadable, readOperations, type Updated } from 'iii-document';
import {
  type Clock,
  LIMITS,
  type Log,
  type MixedJson,
  RAW_NULL,
  type RawJson,
  rawFromMixed,
} from 'iii-protocol';
import { HandlerError } from 'iii-sdk';
import { messageOf } from '../caller.js';
import { StreamError, type StreamErrorCode } from '../errors.js';
import { type Happening, StreamEvent } from '../event.js';
import type { ProviderDirectory } from '../providers/directory.js';
import type { ProvidedChange, ProvidedStream } from '../providers/provided-stream.js';
import type { GroupAddress, ItemAddress, Snapshot, StreamAdapter } from '../store/adapter.js';
import type { StoreSlot } from '../store/store-slot.js';
import type { StreamInput } from './inputs.js';

export interface OperationsContext {
  readonly store: StoreSlot;
  readonly directory: ProviderDirectory;
  readonly provided: ProvidedStream;
  /** Calls the functions that are bound to what has happened; does not wait for them. */
  readonly fanOut: (event: StreamEvent) => void;
  readonly clock: Clock;
  readonly logger: Log;
}

/** A change of an item, by whomever it was made; numbered where the built-in store made it. */
type Change = ProvidedChange & { readonly version?: number | undefined };

/** Bytes of a list that still fit into one message with what stands around it. */
const LARGEST_LIST = LIMITS.maxMessageBytes - 4_096;

/** What the functions do (spec §2.1), in the built-in store or through the provider of a stream. */
export class Operations {
  constructor(private readonly context: OperationsContext) {}

  async set(input: StreamInput<'stream::set'>): Promise<RawJson> {
    const item = itemOf(input);
    const newValue = input.data;
    return failingWith('STREAM_SET_ERROR', async () => {
      const provider = await this.context.directory.find(item.streamName, 'set');
      const { adapter } = this.context.store;
      if (provider !== undefined)
        return this.#changed(item, await this.context.provided.set(provider, item, newValue), adapter);
      const { oldValue, version } = await adapter.set(item, newValue);
      return this.#changed(item, { oldValue, version, newValue }, adapter);
    });
  }

  async update(input: StreamInput<'stream::update'>): Promise<RawJson> {
    const item = itemOf(input);
    return failingWith('STREAM_UPDATE_ERROR', async () => {
      const operations = readOperationsOf(input);
      const provider = await this.context.directory.findUpdate(item.streamName);
      const { adapter } = this.context.store;
      if (provider !== undefined) {
        const { provided } = this.context;
        const change = await ('update' in provider
          ? provided.update(provider.update, item, input.ops)
          : provided.emulateUpdate(provider, item, operations));
        return this.#changed(item, change, adapter);
      }
      let updated: Updated | undefined;
      const { oldValue, version } = await adapter.update(item, (old) => {
        updated = applyOperations(old, operations);
        return updated.value;
      });
      const change = { oldValue, version, newValue: updated?.value, errors: updated?.errors };
      return this.#changed(item, change, adapter);
    });
  }

  async delete(input: StreamInput<'stream::delete'>): Promise<RawJson> {
    const item = itemOf(input);
    return failingWith('STREAM_DELETE_ERROR', async () => {
      const provider = await this.context.directory.find(item.streamName, 'delete');
      const { adapter } = this.context.store;
      if (provider !== undefined)
        return this.#changed(item, await this.context.provided.delete(provider, item), adapter);
      const { oldValue, version } = await adapter.delete(item);
      return this.#changed(item, { oldValue, version, newValue: undefined }, adapter);
    });
  }

  async get(input: StreamInput<'stream::get'>): Promise<RawJson | undefined> {
    return failingWith('STREAM_GET_ERROR', async () => (await this.readItem(itemOf(input))).data);
  }

  async list(input: StreamInput<'stream::list'>): Promise<RawJson | undefined> {
    return failingWith('STREAM_GET_GROUP_ERROR', async () => (await this.readGroup(groupOf(input))).data);
  }

  async listGroups({ stream_name }: StreamInput<'stream::list_groups'>): Promise<RawJson | undefined> {
    return failingWith('STREAM_LIST_GROUPS_ERROR', async () => {
      const provider = await this.context.directory.find(stream_name, 'list_groups');
      if (provider !== undefined) return this.context.provided.listGroups(provider, stream_name);
      return rawFromMixed(await this.context.store.adapter.listGroups(stream_name));
    });
  }

  async listAll(): Promise<RawJson> {
    return failingWith('STREAM_LIST_ALL_ERROR', async () => {
      const stream = await this.context.store.adapter.listAll();
      const rows = stream.map(({ id, groups }): MixedJson => ({ id, groups }));
      return rawFromMixed({ stream: rows, count: stream.length });
    });
  }

  async send({ type, data, id, ...input }: StreamInput<'stream::send'>): Promise<RawJson> {
    return failingWith('STREAM_SEND_ERROR', async () => {
      const happening: Happening = { type: 'event', event: { type, data } };
      const event = this.#event(groupOf(input), id ?? null, happening, undefined);
      this.context.fanOut(event);
      await this.context.store.adapter.publish(event);
      return RAW_NULL;
    });
  }

  /** @throws StreamError, or HandlerError with what a provider failed with. */
  async readItem(item: ItemAddress): Promise<Snapshot<RawJson | undefined>> {
    const provider = await this.context.directory.find(item.streamName, 'get');
    if (provider === undefined) return this.context.store.adapter.get(item);
    return { data: await this.context.provided.read(provider, item), version: undefined };
  }

  /** @throws StreamError, or HandlerError with what a provider failed with. */
  async readGroup(group: GroupAddress): Promise<Snapshot<RawJson | undefined>> {
    const provider = await this.context.directory.find(group.streamName, 'list');
    if (provider !== undefined)
      return { data: await this.context.provided.read(provider, group), version: undefined };
    const { data, version } = await this.context.store.adapter.list(group);
    const bytes = data.reduce((sum, { length }) => sum + length + 1, 2);
    if (bytes > LARGEST_LIST) {
      const what = `the ${data.length} items of group ${JSON.stringify(group.groupId)} take ${bytes} bytes`;
      throw new StreamError(
        'STREAM_GET_GROUP_ERROR',
        `${what}, and one message takes ${LARGEST_LIST}: use smaller groups, or read items one by one`,
      );
    }
    return { data: rawFromMixed(data), version };
  }

  /**
   * Tells everyone, and what to answer. Runs at once after the write, so that events keep the order of the changes.
   *
   * @param adapter the one that was in use at the time of the write: sockets of a later one do not hear of it.
   */
  #changed(item: ItemAddress, change: Change, adapter: StreamAdapter): RawJson {
    const { oldValue, newValue, version, errors } = change;
    const happening = happeningOf(oldValue, newValue);
    if (happening !== undefined) {
      const event = this.#event(item, item.itemId, happening, version);
      this.context.fanOut(event);
      adapter.publish(event).catch((error: unknown) => {
        const { streamName, groupId, itemId } = item;
        this.context.logger.error(
          { err: error, stream: streamName, group: groupId, item: itemId },
          'a change was stored, but subscribers could not be told',
        );
      });
    }
    return rawFromMixed({
      old_value: oldValue ?? null,
      ...(newValue === undefined ? {} : { new_value: newValue }),
      ...(errors === undefined || errors.length === 0 ? {} : { errors: errors as MixedJson }),
    });
  }

  #event(
    group: GroupAddress,
    id: string | null,
    happening: Happening,
    version: number | undefined,
  ): StreamEvent {
    const { streamName, groupId } = group;
    return new StreamEvent({ streamName, groupId }, id, happening, this.context.clock.now(), version);
  }
}

function happeningOf(oldValue: RawJson | undefined, newValue: RawJson | undefined): Happening | undefined {
  if (newValue !== undefined) return { type: oldValue === undefined ? 'create' : 'update', data: newValue };
  return oldValue === undefined ? undefined : { type: 'delete', data: oldValue };
}

function groupOf(input: { readonly stream_name: string; readonly group_id: string }): GroupAddress {
  return { streamName: input.stream_name, groupId: input.group_id };
}

function itemOf(input: StreamInput<'stream::get'>): ItemAddress {
  return { streamName: input.stream_name, groupId: input.group_id, itemId: input.item_id };
}

function readOperationsOf({ ops }: StreamInput<'stream::update'>) {
  try {
    return readOperations(ops);
  } catch (error) {
    if (!(error instanceof OperationsUnreadable)) throw error;
    throw new StreamError('deserialization_error', `payload of stream::update: ${error.message}`);
  }
}

/** What fails without a code of its own fails with this one. */
async function failingWith<T>(code: StreamErrorCode, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof StreamError || error instanceof HandlerError) throw error;
    throw new StreamError(code, messageOf(error), { cause: error });
  }
}
