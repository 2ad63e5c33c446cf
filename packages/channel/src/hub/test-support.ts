import type { ChannelRef } from 'iii-protocol';
import { ManualClock } from 'iii-protocol/testing';
import { grantMessage, TEXT_ITEM } from '../wire.js';
import { ChannelHub, type ChannelInfo, type HubOptions } from './channel-hub.js';
import type { Endpoint, EndpointEvents } from './endpoint.js';
import type { SpoolFile, SpoolFiles } from './spool-files.js';

export const KIB = 1024;
export const MIB = 1024 * KIB;

type Traits = Partial<Pick<Endpoint, 'hasCredit' | 'canPause' | 'maxMessageBytes'>>;

/** An end whose peer is the test. */
export class FakeEnd implements Endpoint {
  readonly hasCredit: boolean;
  readonly canPause: boolean;
  readonly maxMessageBytes: number;
  bufferedBytes = 0;
  /** What it was sent, text as text. */
  readonly received: (string | Uint8Array)[] = [];
  closedWith: { code: number; reason: string } | undefined;
  isPaused = false;
  pauses = 0;
  /** Whether the network takes nothing. */
  isBlocked = false;
  /** Whether the connection is lost, and nobody was told. */
  isLost = false;
  onReceive: (() => void) | undefined;
  #events: EndpointEvents | undefined;
  #owesDrained = false;

  constructor({
    hasCredit = false,
    canPause = false,
    maxMessageBytes = Number.POSITIVE_INFINITY,
  }: Traits = {}) {
    this.hasCredit = hasCredit;
    this.canPause = canPause;
    this.maxMessageBytes = maxMessageBytes;
  }

  attach(hub: ChannelHub, { channel_id: channelId, access_key: key, direction }: ChannelRef): this {
    const decision = hub.attach({ channelId, key, direction });
    if (typeof decision === 'string') throw new Error(decision);
    this.#events = decision.accept(this);
    return this;
  }

  /** The events of the hub, as an end that is connected tells them. */
  get events(): EndpointEvents {
    if (this.#events === undefined) throw new Error('not attached');
    return this.#events;
  }

  sendText(text: string | Uint8Array) {
    return this.#send(typeof text === 'string' ? text : Buffer.from(text).toString());
  }

  sendBinary(data: Uint8Array) {
    return this.#send(data);
  }

  pause(): void {
    this.isPaused = true;
    this.pauses++;
  }

  resume(): void {
    this.isPaused = false;
  }

  close(code: number, reason: string): void {
    this.closedWith ??= { code, reason };
  }

  /** As a writer: items, framed as its protocol has it. */
  text(item: string): void {
    this.message(this.hasCredit ? `${TEXT_ITEM}${item}` : item);
  }

  binary(item: Uint8Array | number): void {
    this.events.message(typeof item === 'number' ? Buffer.alloc(item, 7) : item, true);
  }

  /** As a reader: a grant. */
  grant(total: number): void {
    this.message(grantMessage(total));
  }

  message(text: string): void {
    this.events.message(Buffer.from(text), false);
  }

  /** The network takes everything again. */
  drain(): void {
    this.isBlocked = false;
    this.leave();
  }

  /** The network takes what waits, and no more if it is blocked. */
  leave(): void {
    if (!this.#owesDrained) return;
    this.#owesDrained = false;
    this.bufferedBytes = 0;
    this.events.drained();
  }

  end(code = 1000, reason = ''): void {
    this.isLost = true;
    this.events.closed(code, reason);
  }

  #send(message: string | Uint8Array) {
    if (this.closedWith !== undefined || this.isLost) return 'closed';
    this.received.push(message);
    this.onReceive?.();
    if (!this.isBlocked) return 'sent';
    this.bufferedBytes += message.length;
    this.#owesDrained = true;
    return 'buffered';
  }
}

/** Files in memory, on a disk of a size. */
export class MemoryFiles implements SpoolFiles {
  openFiles = 0;
  opened = 0;
  used = 0;
  /** What the next operation throws. */
  fault: NodeJS.ErrnoException | undefined;

  constructor(readonly total = Number.MAX_SAFE_INTEGER) {}

  open(): SpoolFile {
    this.#check();
    this.openFiles++;
    this.opened++;
    let content = Buffer.alloc(64 * KIB);
    let size = 0;
    const resize = (bytes: number): void => {
      this.used += bytes - size;
      size = bytes;
      if (size > content.byteLength)
        content = Buffer.concat([content, Buffer.alloc(2 * size - content.byteLength)]);
    };
    return {
      write: (parts, position) => {
        this.#check();
        const data = Buffer.concat(parts);
        resize(Math.max(size, position + data.byteLength));
        data.copy(content, position);
      },
      read: (target, position) => {
        this.#check();
        if (position + target.byteLength > size) throw new Error('read past the end');
        content.copy(target, 0, position);
      },
      clear: () => resize(0),
      close: () => {
        resize(0);
        this.openFiles--;
      },
    };
  }

  space() {
    return { free: this.total - this.used, total: this.total };
  }

  #check(): void {
    if (this.fault !== undefined) throw this.fault;
  }
}

export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: no can do`), { code });
}

/** Items in a form that is quick to compare. */
export function comparable(items: readonly (string | Uint8Array)[]): string[] {
  return items.map((item) =>
    typeof item === 'string' ? `text ${item}` : `binary ${Buffer.from(item).toString('latin1')}`,
  );
}

/** A hub, one channel of it, and the ends as they are made. */
export function setUp(options: Partial<HubOptions> & { bufferSize?: number } = {}) {
  const clock = new ManualClock();
  const files = new MemoryFiles();
  const { bufferSize, ...rest } = options;
  const hub = new ChannelHub({ clock, spoolFiles: files, ...rest });
  const refs = hub.create('owner', bufferSize === undefined ? {} : { bufferSize });
  return {
    clock,
    files,
    hub,
    refs,
    attachWriter: (traits?: Traits) => new FakeEnd(traits).attach(hub, refs.writer),
    attachReader: (traits?: Traits) => new FakeEnd(traits).attach(hub, refs.reader),
    info: (): ChannelInfo => {
      const info = hub.info(refs.writer.channel_id);
      if (info === undefined) throw new Error('the channel is gone');
      return info;
    },
  };
}

export const CREDIT = { hasCredit: true };
export const PAUSING = { canPause: true };
