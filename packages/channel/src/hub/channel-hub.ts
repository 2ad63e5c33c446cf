import os from 'node:os';
import {
  type ChannelOffer,
  type ChannelRef,
  type Clock,
  type Log,
  SlotMap,
  SlotTable,
  silentLog,
  type Timer,
} from 'iii-protocol';
import { CHUNK_BYTES, WINDOW } from '../wire.js';
import type { Endpoint, EndpointEvents } from './endpoint.js';
import { HubError, VERDICTS, type Verdict } from './errors.js';
import { ChannelRefs, type Direction, isKeyOf } from './keys.js';
import { MemoryBudget } from './memory.js';
import { Pipe, refuse } from './pipe.js';
import { Spool } from './spool.js';
import { SpoolBudget } from './spool-budget.js';
import { type SpoolFiles, spoolFilesIn } from './spool-files.js';

const MIB = 1024 * 1024;
const SWEEP_MS = 10_000;
/** Cost that may wait in memory for the reader of a writer without credit, unless its channel says otherwise. */
const PLAIN_WINDOW = MIB;
const MAX_BUFFER_SIZE = 1024;

export interface HubOptions {
  readonly clock: Clock;
  readonly log?: Log;
  /** Where items wait that do not fit into memory. Default: the directory of the system for temporary files. */
  readonly spoolDirectory?: string;
  /** Bytes that may wait on disk, of all channels. Default 8 GiB. A part of the disk stays free in any case. */
  readonly spoolLimitBytes?: number;
  /** Memory that the windows of all channels share. Default 256 MiB. Each gets a least one even beyond it. */
  readonly memoryLimitBytes?: number;
  /** Default 100 000. */
  readonly maxChannels?: number;
  /** Default 10 000. */
  readonly maxChannelsPerOwner?: number;
  /** A channel older than this with an end that was never attached is removed. Default 300 000 (protocol.md §8.7). */
  readonly attachTimeoutMs?: number;
  /** Makes the files of spools, in place of `spoolDirectory`. */
  readonly spoolFiles?: SpoolFiles;
}

export interface AttachRequest {
  readonly channelId: string;
  readonly key: string;
  readonly direction: Direction;
}

/**
 * `not_found`: no such channel, or the key is not that of this direction. `taken`: the end was attached before.
 * Otherwise `accept` is to be called once the end is connected; it belongs to the hub from then on. An end that has
 * become unavailable meanwhile is closed at once.
 */
export type AttachDecision =
  | 'not_found'
  | 'taken'
  | { readonly accept: (endpoint: Endpoint) => EndpointEvents };

export interface ChannelInfo {
  readonly channel_id: string;
  /** `opening`: an end was not attached yet. `ending`: an end is gone. */
  readonly state: 'opening' | 'open' | 'ending';
  readonly owner: string;
  readonly created_at_ms: number;
  readonly age_ms: number;
  /** Handed to the reader so far. Marks and overhead do not count. */
  readonly bytes: number;
  readonly messages: number;
  /** Over the last five seconds. */
  readonly bytes_per_second: number;
  /** Waiting in memory, with what it costs to keep items apart. */
  readonly buffered_bytes: number;
  /** Waiting on disk. */
  readonly spooled_bytes: number;
  readonly writer: 'waiting' | 'attached' | 'gone';
  readonly reader: 'waiting' | 'attached' | 'gone';
}

interface Channel {
  readonly refs: ChannelRefs;
  readonly owner: string;
  readonly createdAt: number;
  readonly createdAtMonotonic: number;
  readonly plainWindow: number;
  /** Told when the first end is attached. Until then such a channel lasts as long as its owner. */
  readonly claimed: (() => void) | undefined;
  /** Made when the first end is attached: most channels of requests never see one. */
  pipe: Pipe | undefined;
  /** Among those of its owner. */
  slot: number;
}

const NO_FIGURES: Pipe['figures'] = {
  bytes: 0,
  messages: 0,
  bytes_per_second: 0,
  buffered_bytes: 0,
  spooled_bytes: 0,
};

/** All channels of an engine: makes them, pairs their ends, and removes them. Knows no sockets. */
export class ChannelHub {
  readonly #options: HubOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #attachTimeoutMs: number;
  readonly #memory: MemoryBudget;
  readonly #spoolFiles: SpoolFiles;
  readonly #spoolBudget: SpoolBudget;
  readonly #channels = new SlotMap<string, Channel>();
  readonly #byOwner = new Map<string, SlotTable<Channel>>();
  #sweepTimer: Timer | undefined;
  #isClosed = false;

  constructor(options: HubOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#log = options.log ?? silentLog;
    this.#attachTimeoutMs = options.attachTimeoutMs ?? 300_000;
    this.#memory = new MemoryBudget(options.memoryLimitBytes ?? 256 * MIB);
    this.#spoolFiles = options.spoolFiles ?? spoolFilesIn(options.spoolDirectory ?? os.tmpdir());
    this.#spoolBudget = new SpoolBudget(options.spoolLimitBytes ?? 8 * 1024 * MIB, this.#spoolFiles);
  }

  /** What all channels use: windows in memory, files on disk. Bytes. */
  get usage(): { readonly channels: number; readonly memory_bytes: number; readonly spool_bytes: number } {
    return {
      channels: this.#channels.size,
      memory_bytes: this.#memory.used,
      spool_bytes: this.#spoolBudget.used,
    };
  }

  /**
   * Makes a channel; connects nothing. `bufferSize` is a number of items of 64 KiB, from 1 to 1024 (larger ones count
   * as that): so much may wait in memory where the writer does not follow grants.
   * @throws HubError `hub_closed`, `too_many_channels`, `too_many_channels_of_owner`, `invalid_buffer_size`.
   */
  create(
    ownerId: string,
    { bufferSize }: { readonly bufferSize?: number } = {},
  ): { writer: ChannelRef; reader: ChannelRef } {
    const { writer, reader } = this.#add(ownerId, plainWindowOf(bufferSize), undefined).refs;
    return { writer, reader };
  }

  /**
   * Makes a channel of which the owner hands out one end, and attaches the other when it is told that the first is
   * attached. Until then the channel costs next to nothing, does not expire, and can be withdrawn.
   * @param claimed called once, from within the attachment.
   * @throws HubError as {@link create}.
   */
  offer(ownerId: string, claimed: () => void): ChannelOffer {
    const channel = this.#add(ownerId, PLAIN_WINDOW, claimed);
    return {
      refs: channel.refs,
      withdraw: () => {
        if (channel.pipe === undefined) this.#forget(channel);
      },
    };
  }

  attach({ channelId, key, direction }: AttachRequest): AttachDecision {
    const channel = this.#channels.get(channelId);
    if (channel === undefined) return 'not_found';
    const isWriter = direction === 'write';
    if (!isKeyOf(isWriter ? channel.refs.writer : channel.refs.reader, key)) return 'not_found';
    const { pipe } = channel;
    if (pipe !== undefined && (isWriter ? pipe.writer : pipe.reader) !== 'waiting') return 'taken';
    return { accept: (endpoint) => this.#attach(channel, endpoint, isWriter) };
  }

  /**
   * The connection that made channels is gone (protocol.md §19.13). Those with both ends attached live on, and so do
   * those whose writer has finished: their items wait for the reader until they expire. All others are removed, so
   * that an end that waits for the other one does not wait in vain.
   */
  releaseOwner(ownerId: string): void {
    for (const channel of [...(this.#byOwner.get(ownerId) ?? [])]) {
      const { pipe } = channel;
      const isReaderLate = pipe?.writer === 'gone' && pipe.reader === 'waiting';
      if (isHalfAttached(pipe) && !isReaderLate) this.#end(channel, VERDICTS.ownerGone);
    }
  }

  info(channelId: string): ChannelInfo | undefined {
    const channel = this.#channels.get(channelId);
    return channel && this.#describe(channel);
  }

  /** Oldest first. */
  list(): ChannelInfo[] {
    return [...this.#channels.values()].map((channel) => this.#describe(channel));
  }

  /** Closes every end with 1012, and gives back memory and files. Nothing can be made or attached any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#endAll([...this.#channels.values()], VERDICTS.shutdown);
  }

  #add(ownerId: string, plainWindow: number, claimed: Channel['claimed']): Channel {
    const owned = this.#roomFor(ownerId);
    const refs = new ChannelRefs();
    const channel: Channel = {
      refs,
      owner: ownerId,
      createdAt: this.#clock.now(),
      createdAtMonotonic: this.#clock.monotonic(),
      plainWindow,
      claimed,
      pipe: undefined,
      slot: 0,
    };
    this.#channels.set(refs.id, channel);
    channel.slot = owned.add(channel);
    if (this.#sweepTimer === undefined) this.#armSweep();
    return channel;
  }

  #attach(channel: Channel, endpoint: Endpoint, isWriter: boolean): EndpointEvents {
    const isFirst = channel.pipe === undefined;
    // It may have gone since the attachment was decided.
    if (isFirst && !this.#channels.has(channel.refs.id)) {
      return refuse(endpoint, VERDICTS.unavailable);
    }
    channel.pipe ??= this.#pipeOf(channel);
    const { pipe } = channel;
    const events = isWriter ? pipe.attachWriter(endpoint) : pipe.attachReader(endpoint);
    if (isFirst) channel.claimed?.();
    return events;
  }

  #pipeOf(channel: Channel): Pipe {
    const channel_id = channel.refs.id;
    return new Pipe({
      clock: this.#clock,
      memory: this.#memory,
      plainWindow: channel.plainWindow,
      createSpool: () => new Spool(this.#spoolFiles, this.#spoolBudget),
      onEnd: () => this.#forget(channel),
      onFailure: (reason, cause) => {
        if (cause === undefined) this.#log.debug({ channel_id }, `a channel failed: ${reason}`);
        else this.#log.warn({ channel_id, err: cause }, `a channel failed: ${reason}`);
      },
    });
  }

  /** @returns where the channels of that owner are. */
  #roomFor(ownerId: string): SlotTable<Channel> {
    if (this.#isClosed) throw new HubError('hub_closed', 'There is no channel to be had');
    const max = this.#options.maxChannels ?? 100_000;
    if (this.#channels.size >= max) {
      throw new HubError('too_many_channels', `The engine has ${max} channels, as many as it may`);
    }
    const owned = this.#byOwner.get(ownerId);
    const maxPerOwner = this.#options.maxChannelsPerOwner ?? 10_000;
    if ((owned?.size ?? 0) >= maxPerOwner) {
      throw new HubError(
        'too_many_channels_of_owner',
        `This connection has ${maxPerOwner} channels, as many as it may`,
      );
    }
    if (owned !== undefined) return owned;
    const first = new SlotTable<Channel>();
    this.#byOwner.set(ownerId, first);
    return first;
  }

  #describe({ refs, owner, createdAt, createdAtMonotonic, pipe }: Channel): ChannelInfo {
    return {
      channel_id: refs.id,
      state: stateOf(pipe),
      owner,
      created_at_ms: createdAt,
      age_ms: Math.round(this.#clock.monotonic() - createdAtMonotonic),
      ...(pipe?.figures ?? NO_FIGURES),
      writer: pipe?.writer ?? 'waiting',
      reader: pipe?.reader ?? 'waiting',
    };
  }

  #forget(channel: Channel): void {
    if (this.#channels.delete(channel.refs.id) === undefined) return;
    const owned = this.#byOwner.get(channel.owner);
    owned?.remove(channel.slot);
    if (owned?.size === 0) this.#byOwner.delete(channel.owner);
    if (this.#channels.size > 0 || this.#sweepTimer === undefined) return;
    this.#clock.clearTimeout(this.#sweepTimer);
    this.#sweepTimer = undefined;
  }

  #armSweep(): void {
    if (this.#sweepTimer !== undefined || this.#channels.size === 0) return;
    this.#sweepTimer = this.#clock.setTimeout(
      () => {
        this.#sweepTimer = undefined;
        this.#sweep();
        this.#armSweep();
      },
      Math.min(SWEEP_MS, this.#attachTimeoutMs),
    );
  }

  #sweep(): void {
    const expired = this.#clock.monotonic() - this.#attachTimeoutMs;
    const late: Channel[] = [];
    for (const channel of this.#channels.values()) {
      channel.pipe?.review();
      const isOffered = channel.claimed !== undefined && channel.pipe === undefined;
      const isLate = channel.createdAtMonotonic <= expired && !isOffered;
      if (isLate && isHalfAttached(channel.pipe)) late.push(channel);
    }
    this.#endAll(late, VERDICTS.expired);
  }

  #endAll(channels: readonly Channel[], verdict: Verdict): void {
    for (const channel of channels) this.#end(channel, verdict);
  }

  #end(channel: Channel, verdict: Verdict): void {
    if (channel.pipe === undefined) this.#forget(channel);
    else channel.pipe.end(verdict);
  }
}

function plainWindowOf(bufferSize: number | undefined): number {
  if (bufferSize === undefined) return PLAIN_WINDOW;
  if (!Number.isInteger(bufferSize) || bufferSize < 0) {
    throw new HubError('invalid_buffer_size', `The buffer size ${bufferSize} is not a number of items`);
  }
  return Math.min(WINDOW.max, Math.min(Math.max(bufferSize, 1), MAX_BUFFER_SIZE) * CHUNK_BYTES);
}

/** Whether an end was never attached. */
function isHalfAttached(pipe: Pipe | undefined): boolean {
  return pipe === undefined || pipe.writer === 'waiting' || pipe.reader === 'waiting';
}

function stateOf(pipe: Pipe | undefined): ChannelInfo['state'] {
  if (pipe === undefined) return 'opening';
  const { writer, reader } = pipe;
  if (writer === 'gone' || reader === 'gone') return 'ending';
  return writer === 'attached' && reader === 'attached' ? 'open' : 'opening';
}
