import type { SendOutcome, Socket } from 'iii-listener';
import { Deadlines, RAW_NULL, type RawJson, rawFromValue, silentLog } from 'iii-protocol';
import { gate, ManualClock } from 'iii-testing';
import { readConfig } from 'iii-worker';
import { describe, expect, it, vi } from 'vitest';
import type { Doorkeeper } from '../bindings/attendance.js';
import { StreamConfig } from '../config.js';
import { StreamEvent } from '../event.js';
import type { Snapshot } from '../store/adapter.js';
import { Hub } from './hub.js';
import { OutboundBudget } from './outbound-budget.js';
import { Session, type SessionContext } from './session.js';

/** A socket whose kernel takes what the test lets it. */
class FakeSocket implements Socket {
  readonly remoteAddress = '127.0.0.1';
  readonly protocol = undefined;
  readonly canPause = false;
  readonly sent: string[] = [];
  bufferedBytes = 0;
  isBlocked = false;
  readonly close = vi.fn<Socket['close']>();
  readonly terminate = vi.fn();
  readonly ping = vi.fn();
  pause(): void {}
  resume(): void {}
  sendBinary(): SendOutcome {
    throw new Error('streams are text');
  }
  postText(): SendOutcome {
    throw new Error('an event is one message, which leaves at once');
  }
  joinPosted(): void {
    throw new Error('nothing is posted that could be joined');
  }
  sendTextPieces(): SendOutcome {
    throw new Error('an event is in one piece');
  }
  sendText(data: string | Uint8Array): SendOutcome {
    const { id, event } = JSON.parse(Buffer.from(data as Uint8Array).toString());
    this.sent.push(`${event.type} ${id ?? JSON.stringify(event.data)}`);
    if (!this.isBlocked) return 'sent';
    this.bufferedBytes += data.length;
    return 'buffered';
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

function stage(limits: object = {}, read?: () => Promise<Snapshot<RawJson | undefined>>) {
  const socket = new FakeSocket();
  const clock = new ManualClock();
  const stalls = new Deadlines(clock);
  const left: string[] = [];
  const context: SessionContext = {
    settings: { config: readConfig('iii-stream', StreamConfig, { limits }) },
    hub: new Hub(),
    doorkeeper: {
      mayJoin: async () => true,
      hasLeft: async ({ groupId }: { groupId: string }) => void left.push(groupId),
    } as unknown as Doorkeeper,
    budget: new OutboundBudget(),
    stalls,
    clock,
    logger: silentLog,
    read: read ?? (async () => ({ data: rawFromValue([]), version: 0 })),
  };
  const session = new Session(socket, RAW_NULL, context);
  const say = (type: string, groupId = 'g', subscriptionId = groupId) => {
    session.message(
      Buffer.from(JSON.stringify({ type, data: { subscriptionId, streamName: 's', groupId } })),
    );
  };
  let version = 0;
  /** `at` is null for what nothing numbers. */
  const happen = (id: string, size = 1, at: number | null = ++version) => {
    const data = rawFromValue('x'.repeat(size));
    context.hub.deliver(
      new StreamEvent({ streamName: 's', groupId: 'g' }, id, { type: 'update', data }, 0, at ?? undefined),
    );
  };
  return { socket, clock, session, context, left, say, happen };
}

describe('a session that is not read', () => {
  it('leaves events out beyond its limit, and shows everything anew once it has drained', async () => {
    const { socket, session, say, happen } = stage({ max_buffered_bytes: 1_000 });
    say('join');
    await settled();
    socket.isBlocked = true;
    happen('1', 600);
    happen('2', 600);
    happen('3', 600);
    happen('4', 600);
    expect(socket.sent).toEqual(['sync []', 'update 1', 'update 2']);
    socket.isBlocked = false;
    socket.bufferedBytes = 0;
    session.drained();
    await settled();
    happen('5');
    expect(socket.sent.slice(3)).toEqual(['sync []', 'update 5']);
    expect(socket.close).not.toHaveBeenCalled();
  });

  it('is closed with 1013 when it stays beyond its limit', async () => {
    const { socket, clock, say, happen } = stage({ max_buffered_bytes: 100, stall_timeout: 10_000 });
    say('join');
    await settled();
    socket.isBlocked = true;
    happen('1', 600);
    clock.advance(9_900);
    expect(socket.close).not.toHaveBeenCalled();
    clock.advance(300);
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1013, expect.stringContaining('does not read'));
  });

  it('is not closed when it catches up in time', async () => {
    const { socket, clock, session, say, happen } = stage({ max_buffered_bytes: 100, stall_timeout: 10_000 });
    say('join');
    await settled();
    socket.isBlocked = true;
    happen('1', 600);
    clock.advance(9_000);
    socket.isBlocked = false;
    session.drained();
    clock.advance(60_000);
    expect(socket.close).not.toHaveBeenCalled();
  });

  it('waits with the snapshot of what it joins meanwhile', async () => {
    const { socket, session, say, happen } = stage({ max_buffered_bytes: 100 });
    say('join');
    await settled();
    socket.isBlocked = true;
    happen('1', 600);
    say('join', 'h');
    await settled();
    expect(socket.sent).toEqual(['sync []', 'update 1']);
    socket.isBlocked = false;
    session.drained();
    await settled();
    expect(socket.sent.slice(2)).toEqual(['sync []']);
  });

  it('is not behind for the length of a sync', async () => {
    const long = 'x'.repeat(10_000);
    const { socket, session, say, happen } = stage({ max_buffered_bytes: 1_000 }, async () => ({
      data: rawFromValue(long),
      version: 0,
    }));
    socket.isBlocked = true;
    say('join');
    await settled();
    happen('1', 600);
    expect(socket.sent).toEqual([`sync "${long}"`, 'update 1']);
    happen('2', 600);
    happen('left out', 600);
    socket.isBlocked = false;
    socket.bufferedBytes = 0;
    session.drained();
    await settled();
    expect(socket.sent.slice(2)).toEqual(['update 2', `sync "${long}"`]);
  });

  it('is closed when it has missed events and what it follows cannot be read', async () => {
    let isBroken = false;
    const { socket, session, say, happen } = stage({ max_buffered_bytes: 100 }, async () => {
      if (isBroken) throw new Error('disk gone');
      return { data: rawFromValue([]), version: 0 };
    });
    say('join');
    await settled();
    socket.isBlocked = true;
    happen('1', 600);
    happen('missed', 600);
    isBroken = true;
    session.drained();
    await settled();
    expect(socket.close).toHaveBeenCalledExactlyOnceWith(1011, expect.stringContaining('could not be read'));
  });

  it('falls behind again while it is shown everything, and still misses nothing for good', async () => {
    const { socket, session, say, happen } = stage({ max_buffered_bytes: 100 });
    for (const group of ['g', 'h', 'i']) say('join', group, `${group}1`);
    await settled();
    socket.isBlocked = true;
    happen('1', 600);
    happen('2', 600);
    session.resync();
    await settled();
    session.drained();
    // More than may wait beside the sync itself.
    socket.bufferedBytes = 150;
    await settled();
    // One sync went out and was too much again.
    const shown = socket.sent.length;
    expect(socket.sent.at(-1)).toBe('sync []');
    socket.isBlocked = false;
    socket.bufferedBytes = 0;
    session.drained();
    await settled();
    expect(socket.sent.slice(shown).every((text) => text === 'sync []')).toBe(true);
    happen('3');
    expect(socket.sent.at(-1)).toBe('update 3');
  });
});

describe('a snapshot', () => {
  it('is followed by what it does not contain, in order, and by nothing it does', async () => {
    const reading = gate<Snapshot<RawJson | undefined>>();
    const { socket, say, happen } = stage({}, () => reading.opened);
    say('join');
    await settled();
    happen('contained', 1, 4);
    happen('later', 1, 5);
    happen('sent', 1, null);
    reading.open({ data: rawFromValue(['snapshot']), version: 4 });
    await settled();
    happen('contained too', 1, 3);
    happen('latest', 1, 6);
    expect(socket.sent).toEqual(['sync ["snapshot"]', 'update later', 'update sent', 'update latest']);
  });

  it('that takes too long is read again, and a socket for which that never ends is closed', async () => {
    let reads = 0;
    const steps = stage({ max_buffered_bytes: 100 }, async () => {
      reads++;
      steps.happen('too much', 600);
      return { data: rawFromValue([]), version: undefined };
    });
    steps.say('join');
    await settled();
    expect(reads).toBe(3);
    expect(steps.socket.sent).toEqual([]);
    expect(steps.socket.close).toHaveBeenCalledExactlyOnceWith(1013, expect.any(String));
  });

  it('that cannot be read is left out, and events come all the same', async () => {
    const reading = gate();
    const { socket, say, happen } = stage({}, async () => {
      await reading.opened;
      throw new Error('not today');
    });
    say('join');
    await settled();
    happen('1');
    reading.open();
    await settled();
    happen('2');
    expect(socket.sent).toEqual(['update 1', 'update 2']);
  });

  it('of a store that is not used any more is not shown', async () => {
    const old = gate<Snapshot<RawJson | undefined>>();
    let reads = 0;
    const { socket, session, say, happen } = stage({}, () =>
      reads++ === 0 ? old.opened : Promise.resolve({ data: rawFromValue(['new']), version: 0 }),
    );
    say('join');
    await settled();
    session.resync();
    await settled();
    old.open({ data: rawFromValue(['old']), version: 99 });
    await settled();
    happen('1', 1, 1);
    expect(socket.sent).toEqual(['sync ["new"]', 'update 1']);
  });

  it('is not sent to who has left meanwhile', async () => {
    const reading = gate<Snapshot<RawJson | undefined>>();
    const { socket, session, left, say } = stage({}, () => reading.opened);
    say('join');
    await settled();
    session.closed();
    reading.open({ data: RAW_NULL, version: 1 });
    await session.gone;
    expect(socket.sent).toEqual([]);
    expect(left).toEqual(['g']);
  });
});

describe('a sign of life', () => {
  it.each(['ping', 'pong', 'drained'] as const)('is a %s', (sign) => {
    const { socket, session } = stage();
    session.probe();
    session[sign]();
    session.probe();
    expect(socket.terminate).not.toHaveBeenCalled();
    expect(socket.ping).toHaveBeenCalledTimes(2);
  });

  it('that is missing from one ping to the next cuts the socket', () => {
    const { socket, session } = stage();
    session.probe();
    session.probe();
    expect(socket.terminate).toHaveBeenCalledOnce();
  });
});

describe('bytes that wait for all sockets', () => {
  it('are known as they are, and cost the one that has most its connection', () => {
    const budget = new OutboundBudget();
    const waiting = (bytes: number) => ({ bufferedBytes: bytes, cut: vi.fn() });
    const [small, large, drained] = [waiting(40), waiting(70), waiting(0)] as const;
    budget.note(drained, 90, 100);
    // 90 of them have left since: they are looked at again before anyone is cut.
    budget.note(small, 40, 100);
    expect([budget.total, drained.cut.mock.calls.length]).toEqual([40, 0]);
    budget.note(large, 70, 100);
    expect(budget.total).toBe(40);
    expect([small, large].map(({ cut }) => cut.mock.calls.length)).toEqual([0, 1]);
    budget.forget(small);
    expect(budget.total).toBe(0);
  });
});
