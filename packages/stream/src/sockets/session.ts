import type { Socket, SocketEvents } from 'iii-listener';
import { type Clock, type Deadlines, type Log, RAW_NULL, type RawJson } from 'iii-protocol';
import type { Attendance, Doorkeeper } from '../bindings/attendance.js';
import type { Settings } from '../config.js';
import { type CloseCause, closes } from '../errors.js';
import { envelope, type StreamEvent } from '../event.js';
import type { Snapshot } from '../store/adapter.js';
import type { Hub } from './hub.js';
import { MessageRate } from './message-rate.js';
import { type ClientMessage, readMessage } from './messages.js';
import type { OutboundBudget } from './outbound-budget.js';
import { type Subscriber, Subscription } from './subscription.js';

/** What sessions need of the worker. */
export interface SessionContext {
  readonly settings: Settings;
  readonly hub: Hub;
  readonly doorkeeper: Doorkeeper;
  readonly budget: OutboundBudget;
  readonly stalls: Deadlines;
  readonly clock: Clock;
  readonly logger: Log;
  /** What a socket that joins is shown. */
  read(attendance: Attendance): Promise<Snapshot<RawJson | undefined>>;
}

/** Snapshots that are read in a row while more happens than may be held; then the socket is too slow. */
const SYNC_ATTEMPTS = 3;

/** One socket: what it follows, and what waits for it (spec §2.5). Its messages are handled one after the other. */
export class Session implements SocketEvents, Subscriber {
  readonly #subscriptions = new Map<string, Subscription>();
  readonly #rate: MessageRate;
  readonly #inbox: Array<{ readonly message: ClientMessage; readonly bytes: number }> = [];
  #inboxBytes = 0;
  #isWorking = false;
  /** More waits for it than may: events are left out until it has caught up. */
  #isBehind = false;
  /** Bytes of syncs that may still wait: however long they are, they are not what it is behind with. */
  #syncBytes = 0;
  #isSyncing = false;
  #isClosed = false;
  #wasHeard = true;
  #gone!: () => void;
  /** Resolves once the socket is closed and everyone has been told that it has left. */
  readonly gone = new Promise<void>((resolve) => {
    this.#gone = resolve;
  });

  constructor(
    private readonly socket: Socket,
    /** What the auth function said of it. */
    private readonly identity: RawJson,
    private readonly context: SessionContext,
  ) {
    this.#rate = new MessageRate(context.clock);
  }

  get heldBytesLimit(): number {
    return this.context.settings.config.limits.max_buffered_bytes;
  }

  get bufferedBytes(): number {
    return this.socket.bufferedBytes;
  }

  message(data: Uint8Array): void {
    this.#wasHeard = true;
    const { max_message_bytes, messages_per_second, max_subscriptions } = this.context.settings.config.limits;
    if (data.length > max_message_bytes) {
      this.close('message_too_large');
      return;
    }
    const isInTime = this.#rate.take(messages_per_second, messages_per_second + max_subscriptions);
    // Behind a slow join, this is what the socket makes the worker keep.
    if (!isInTime || this.#inboxBytes + data.length > 4 * max_message_bytes) {
      this.close('too_many_messages');
      return;
    }
    const message = readMessage(data);
    if (message === undefined) return;
    this.#inbox.push({ message, bytes: data.length });
    this.#inboxBytes += data.length;
    if (!this.#isWorking) void this.#work();
  }

  ping(): void {
    this.#wasHeard = true;
  }

  pong(): void {
    this.#wasHeard = true;
  }

  drained(): void {
    this.#wasHeard = true;
    this.context.budget.forget(this);
    this.#syncBytes = 0;
    if (!this.#isBehind) return;
    this.#isBehind = false;
    this.context.stalls.remove(this);
    void this.#catchUp();
  }

  closed(): void {
    this.#isClosed = true;
    this.context.budget.forget(this);
    this.context.stalls.remove(this);
    this.#inbox.length = 0;
    for (const subscription of this.#subscriptions.values()) this.context.hub.remove(subscription);
    if (!this.#isWorking) void this.#leaveAll();
  }

  /** Asks for a sign of life; a socket that has given none since the last time is cut. */
  probe(): void {
    if (!this.#wasHeard) {
      this.socket.terminate();
      return;
    }
    this.#wasHeard = false;
    this.socket.ping();
  }

  /** Follows what a path named, as if it had asked to; a socket that may not is closed. */
  joinByPath(attendance: Attendance): void {
    this.#isWorking = true;
    void this.#join(attendance).then((isWelcome) => {
      if (!isWelcome) this.close('path_join_refused');
      return this.#work();
    });
  }

  /** Everything it follows may have changed: shows it anew. */
  resync(): void {
    for (const subscription of this.#subscriptions.values()) subscription.lose();
    void this.#catchUp();
  }

  close(cause: CloseCause): void {
    const { code, reason } = closes[cause];
    this.socket.close(code, reason);
  }

  cut(): void {
    this.context.logger.warn(
      { remote: this.socket.remoteAddress, bytes: this.socket.bufferedBytes },
      'a socket was cut: what waits for all of them is too much, and for it most',
    );
    this.socket.terminate();
  }

  /** It has been behind for too long. */
  expire(): void {
    this.context.logger.warn({ remote: this.socket.remoteAddress }, 'a socket was closed: it does not read');
    this.close('too_slow');
  }

  send(event: StreamEvent): boolean {
    if (this.#isBehind) return false;
    this.#sendText(event.text);
    return true;
  }

  #sendText(text: RawJson): void {
    if (this.socket.sendText(text) !== 'buffered') {
      this.#syncBytes = 0;
      return;
    }
    const { bufferedBytes } = this.socket;
    const { max_buffered_bytes, max_total_buffered_bytes, stall_timeout } =
      this.context.settings.config.limits;
    if (bufferedBytes > max_buffered_bytes + this.#syncBytes && !this.#isBehind) {
      this.#isBehind = true;
      this.context.stalls.add(this, stall_timeout);
    }
    this.context.budget.note(this, bufferedBytes, max_total_buffered_bytes);
  }

  async #work(): Promise<void> {
    this.#isWorking = true;
    for (let next = this.#inbox.shift(); next !== undefined; next = this.#inbox.shift()) {
      this.#inboxBytes -= next.bytes;
      await this.#handle(next.message);
    }
    this.#isWorking = false;
    if (this.#isClosed) await this.#leaveAll();
  }

  async #handle({ type, data }: ClientMessage): Promise<void> {
    const { subscriptionId, streamName, groupId, id } = data;
    const attendance = { subscriptionId, streamName, groupId, id: id ?? undefined };
    if (type === 'leave') await this.#leave(attendance);
    else await this.#join(attendance);
  }

  /** @returns whether it may. */
  async #join(attendance: Attendance): Promise<boolean> {
    const { limits, fail_open: failOpen } = this.context.settings.config;
    const previous = this.#subscriptions.get(attendance.subscriptionId);
    if (previous === undefined && this.#subscriptions.size >= limits.max_subscriptions) {
      this.close('too_many_subscriptions');
      return false;
    }
    const { doorkeeper, clock } = this.context;
    const rules = { timeoutMs: limits.join_timeout, failOpen };
    const isWelcome = await doorkeeper.mayJoin(attendance, this.identity, rules);
    const timestamp = clock.now();
    if (!isWelcome) {
      if (!this.#isClosed) this.#sendText(this.#envelope(attendance, { type: 'unauthorized' }, timestamp));
      return false;
    }
    if (this.#isClosed) {
      // Who was told that it joins is told that it is gone.
      await doorkeeper.hasLeft(attendance, this.identity, limits.join_timeout);
      return true;
    }
    const subscription = new Subscription(attendance, this);
    this.#subscriptions.set(attendance.subscriptionId, subscription);
    if (previous !== undefined) {
      this.context.hub.remove(previous);
      if (!isSamePlace(previous.attendance, attendance))
        await doorkeeper.hasLeft(previous.attendance, this.identity, limits.join_timeout);
    }
    if (this.#isClosed) return true;
    this.context.hub.add(subscription);
    if (!this.#isBehind) await this.#sync(subscription, timestamp, true);
    return true;
  }

  /** Of a subscription that is not known, the functions are told what the client said of it. */
  async #leave(asked: Attendance): Promise<void> {
    const subscription = this.#subscriptions.get(asked.subscriptionId);
    if (subscription !== undefined) {
      this.#subscriptions.delete(asked.subscriptionId);
      this.context.hub.remove(subscription);
    }
    const { doorkeeper, settings } = this.context;
    await doorkeeper.hasLeft(
      subscription?.attendance ?? asked,
      this.identity,
      settings.config.limits.join_timeout,
    );
  }

  async #leaveAll(): Promise<void> {
    const { doorkeeper, settings } = this.context;
    const left = [...this.#subscriptions.values()];
    this.#subscriptions.clear();
    for (const { attendance } of left) {
      await doorkeeper.hasLeft(attendance, this.identity, settings.config.limits.join_timeout);
    }
    this.#gone();
  }

  /** Shows what it follows as it is now, where it has missed something. */
  async #catchUp(): Promise<void> {
    if (this.#isSyncing) return;
    this.#isSyncing = true;
    while (!this.#isClosed && !this.#isBehind) {
      const stale = [...this.#subscriptions.values()].find(({ isStale }) => isStale);
      if (stale === undefined) break;
      await this.#sync(stale, this.context.clock.now());
    }
    this.#isSyncing = false;
  }

  /** @param isFirst whether the socket has been shown nothing yet: without a sync it then gets events alone (§2.5). */
  async #sync(subscription: Subscription, timestamp: number, isFirst = false): Promise<void> {
    const { attendance } = subscription;
    for (let attempt = 1; ; attempt++) {
      const sync = subscription.beginSync();
      const snapshot = await this.#read(attendance);
      if (this.#isClosed || this.#subscriptions.get(attendance.subscriptionId) !== subscription) return;
      if (!subscription.isAwaiting(sync)) return;
      if (sync.isOverfull) {
        if (attempt < SYNC_ATTEMPTS) continue;
        return this.close('too_slow');
      }
      if (snapshot === undefined && !isFirst) return this.close('sync_failed');
      if (snapshot !== undefined) this.#sendSync(attendance, snapshot.data ?? RAW_NULL, timestamp);
      subscription.endSync(sync, snapshot?.version);
      return;
    }
  }

  /** Undefined when it cannot be read. */
  async #read(attendance: Attendance): Promise<Snapshot<RawJson | undefined> | undefined> {
    try {
      return await this.context.read(attendance);
    } catch (error) {
      const { streamName: stream, groupId: group } = attendance;
      this.context.logger.error({ err: error, stream, group }, 'what a socket follows could not be read');
      return undefined;
    }
  }

  #sendSync(attendance: Attendance, data: RawJson, timestamp: number): void {
    const text = this.#envelope(attendance, { type: 'sync', data }, timestamp);
    this.#syncBytes += text.length;
    this.#sendText(text);
  }

  #envelope(
    { streamName, groupId, id }: Attendance,
    event: Parameters<typeof envelope>[2],
    timestamp: number,
  ) {
    return envelope({ streamName, groupId }, id ?? null, event, timestamp);
  }
}

function isSamePlace(a: Attendance, b: Attendance): boolean {
  return a.streamName === b.streamName && a.groupId === b.groupId && a.id === b.id;
}
