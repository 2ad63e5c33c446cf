import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type FakeFrame, FakeFrameWriter } from './fake-frame-writer.js';
import {
  FRAGMENT_BYTES,
  LARGEST_FRAME_BYTES,
  LARGEST_POSTED_BYTES,
  MAX_POSTED_MESSAGES,
  SendQueue,
  TURN_BYTES,
  WINDOW_BYTES,
} from './send-queue.js';
import { Turn } from './turn.js';

const KIB = 1024;
const MIB = 1024 * KIB;

function start(room = 0, turn = new Turn()) {
  const writer = new FakeFrameWriter();
  writer.room = room;
  const heard: string[] = [];
  const queue = new SendQueue({
    writer,
    turn,
    closeTimeoutMs: 5000,
    drained: () => heard.push('drained'),
    overdue: () => {
      heard.push('overdue');
      queue.drop();
    },
  });
  const take = (bytes: number): void => {
    writer.take(bytes);
    queue.advance();
  };
  return { writer, queue, heard, take };
}

const bytes = (length: number): Uint8Array => new Uint8Array(length);

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate'] });
});

afterEach(() => {
  // Whatever happened, nobody waits for anything.
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

describe('while nothing waits', () => {
  it('a message goes straight to the library, as it is', () => {
    const { writer, queue } = start(2 * MIB);
    const message = bytes(LARGEST_FRAME_BYTES);
    expect(queue.send(message, true)).toBe('sent');
    expect(writer.frames[0]?.data).toBe(message);
    expect(queue.send('text', false)).toBe('sent');
    expect(writer.read()).toEqual([`whole ${MIB}`, 'whole 4']);
    expect(writer.waits).toBe(0);
  });

  it('a message over 1 MiB goes as fragments, and is sent when the kernel took them all', () => {
    const { writer, queue, heard } = start(2 * MIB);
    expect(queue.send(bytes(MIB + 1), true)).toBe('sent');
    expect(writer.read()).toEqual([
      `first ${FRAGMENT_BYTES}`,
      ...Array(3).fill(`middle ${FRAGMENT_BYTES}`),
      'last 1',
    ]);
    expect(queue.bufferedBytes).toBe(0);
    expect(heard).toEqual([]);
  });

  it('a long text is measured and cut in bytes, also within a character', () => {
    const { writer, queue } = start(4 * MIB);
    const text = '€'.repeat(MIB / 3 + 1);
    expect(text.length).toBeLessThan(LARGEST_FRAME_BYTES);
    queue.send(text, false);
    const sizes = writer.frames.map(({ data }) => data.length);
    expect(sizes.slice(0, 4)).toEqual(Array(4).fill(FRAGMENT_BYTES));
    expect(FRAGMENT_BYTES % 3).not.toBe(0);
    expect(Buffer.concat(writer.frames.map(({ data }) => data)).toString()).toBe(text);
    expect(writer.frames.every(({ isBinary }) => !isBinary)).toBe(true);
  });

  it('a message in pieces goes as fragments, none of them copied, and only its end ends it', () => {
    const { writer, queue } = start(4 * MIB);
    const pieces = [bytes(100), bytes(MIB + 1), bytes(7)];
    expect(queue.sendTextPieces(pieces)).toBe('sent');
    expect(queue.sendTextPieces([bytes(3)])).toBe('sent');
    const { frames } = writer;
    expect(
      frames
        .slice(0, 7)
        .every(({ data }, at) => data.buffer === pieces[at === 0 ? 0 : at < 6 ? 1 : 2]?.buffer),
    ).toBe(true);
    expect(writer.read()).toEqual([
      'first 100',
      ...Array(4).fill(`middle ${FRAGMENT_BYTES}`),
      'middle 1',
      'last 7',
      'whole 3',
    ]);
    expect(queue.bufferedBytes).toBe(0);
  });

  it('a text that fits stays one frame, whatever its length in characters', () => {
    const { writer, queue } = start(8 * MIB);
    queue.send('x'.repeat(MIB), false);
    queue.send('€'.repeat(MIB / 3), false);
    expect(writer.read()).toEqual([`whole ${MIB}`, `whole ${MIB - 1}`]);
  });

  it('a connection that is lost takes nothing, however long the message', () => {
    const { writer, queue } = start();
    writer.lost = true;
    expect(queue.send(bytes(1), true)).toBe('closed');
    expect(queue.send(bytes(2 * MIB), true)).toBe('closed');
    expect(queue.bufferedBytes).toBe(0);
  });
});

describe('behind', () => {
  it('messages wait here, and go on one window at a time', () => {
    const { writer, queue, heard, take } = start();
    expect(queue.send(bytes(100 * KIB), true)).toBe('buffered');
    for (let index = 0; index < 5; index++) expect(queue.send(bytes(100 * KIB), true)).toBe('buffered');
    expect(writer.read()).toEqual([`whole ${100 * KIB}`]);
    expect(queue.bufferedBytes).toBe(600 * KIB);
    take(100 * KIB);
    expect(writer.read()).toHaveLength(2);
    take(60 * KIB);
    expect(writer.read()).toHaveLength(1);
    expect(writer.bufferedBytes).toBe(240 * KIB);
    take(240 * KIB);
    expect(writer.read()).toHaveLength(2);
    expect(heard).toEqual([]);
    take(200 * KIB);
    expect(heard).toEqual(['drained']);
    expect(queue.bufferedBytes).toBe(0);
  });

  it('pieces wait like messages, behind what was sent and posted before, and are over with the connection', () => {
    const { writer, queue, heard, take } = start();
    queue.post(bytes(5));
    expect(queue.sendTextPieces([bytes(10), bytes(MIB + 1)])).toBe('buffered');
    expect(queue.sendTextPieces([bytes(20), bytes(30)])).toBe('buffered');
    expect(queue.bufferedBytes).toBe(5 + 10 + MIB + 1 + 50);
    take(2 * MIB);
    expect(writer.read()).toEqual([
      'whole 5',
      'first 10',
      ...Array(4).fill(`middle ${FRAGMENT_BYTES}`),
      'last 1',
      'first 20',
      'last 30',
    ]);
    expect(heard).toEqual(['drained']);
    vi.runAllTimers();
    writer.lost = true;
    expect(queue.sendTextPieces([bytes(1), bytes(1)])).toBe('closed');
    expect(queue.sendTextPieces([bytes(1), bytes(1)])).toBe('closed');
    expect(queue.bufferedBytes).toBe(0);
  });

  it('small messages that waited reach the kernel together', () => {
    const { writer, queue, take } = start();
    for (let index = 0; index < 1000; index++) queue.send(bytes(100), true);
    expect(writer.batches).toBe(1);
    take(MIB);
    expect(writer.read()).toHaveLength(1000);
    expect(writer.batches).toBe(2);
  });

  it('what the kernel takes at once goes in turns, between which others have theirs, and is told once', () => {
    const { writer, queue, heard, take } = start();
    for (let index = 0; index < 100; index++) queue.send(bytes(100 * KIB), true);
    take(20 * MIB);
    const left = () => writer.frames.reduce((sum, { data }) => sum + data.length, 0);
    let before = 0;
    for (const turns of [1, 2, 3, 4]) {
      expect(left() - before).toBeGreaterThanOrEqual(TURN_BYTES - 200 * KIB);
      expect(left() - before).toBeLessThan(TURN_BYTES + WINDOW_BYTES);
      before = left();
      // Told that there is room, it has gone on already, or will.
      queue.advance();
      expect([turns, left(), heard]).toEqual([turns, before, []]);
      vi.runOnlyPendingTimers();
    }
    vi.runAllTimers();
    expect(writer.read()).toHaveLength(100);
    expect(heard).toEqual(['drained']);
    queue.advance();
    expect(heard).toEqual(['drained']);
  });

  it('a short message does not come between the fragments of a long one', () => {
    const { writer, queue, take } = start();
    queue.send(bytes(1), true);
    queue.send(bytes(MIB + 7), true);
    queue.send(bytes(9), false);
    for (let index = 0; index < 20; index++) take(100 * KIB);
    expect(writer.read()).toEqual([
      'whole 1',
      `first ${FRAGMENT_BYTES}`,
      ...Array(3).fill(`middle ${FRAGMENT_BYTES}`),
      'last 7',
      'whole 9',
    ]);
  });

  it('what is counted shrinks with every fragment', () => {
    const { queue, take } = start();
    queue.send(bytes(2 * MIB), true);
    expect(queue.bufferedBytes).toBe(2 * MIB);
    take(FRAGMENT_BYTES + 100);
    expect(queue.bufferedBytes).toBe(2 * MIB - FRAGMENT_BYTES - 100);
    queue.drop();
  });

  it('messages without a byte wait their turn too', () => {
    const { writer, queue, heard, take } = start();
    queue.send(bytes(10), true);
    queue.send(bytes(0), true);
    expect(queue.send(bytes(0), false)).toBe('buffered');
    expect(writer.read()).toEqual(['whole 10']);
    take(10);
    expect(writer.read()).toEqual(['whole 0', 'whole 0']);
    expect(heard).toEqual(['drained']);
  });

  it('room is asked for until nothing is left', () => {
    const { writer, queue, take } = start();
    queue.send(bytes(10), true);
    expect(writer.waits).toBe(1);
    take(4);
    expect(writer.waits).toBe(2);
    take(6);
    expect(writer.waits).toBe(2);
    expect(queue.send(bytes(1), true)).toBe('buffered');
    expect(writer.waits).toBe(3);
    queue.drop();
  });

  it('a connection that turns out to be lost ends it', () => {
    const { writer, queue, heard, take } = start();
    queue.send(bytes(10), true);
    queue.send(bytes(MIB), true);
    queue.send(bytes(2 * MIB), true);
    writer.lost = true;
    take(10);
    expect(queue.bufferedBytes).toBe(0);
    expect(queue.send(bytes(1), true)).toBe('closed');
    expect(heard).toEqual([]);
  });

  it('the owner may send, close or cut from within drained', () => {
    for (const act of ['send', 'close', 'drop'] as const) {
      const writer = new FakeFrameWriter();
      const queue: SendQueue = new SendQueue({
        writer,
        turn: new Turn(),
        closeTimeoutMs: 5000,
        drained: () => {
          if (act === 'send') queue.send(bytes(2 * MIB), true);
          else if (act === 'close') queue.close(1000, '');
          else queue.drop();
        },
        overdue: () => {},
      });
      queue.send(bytes(1), true);
      writer.take(1);
      queue.advance();
      expect(queue.bufferedBytes).toBe(act === 'send' ? 2 * MIB : 0);
      expect(writer.closes).toEqual(act === 'close' ? ['1000 '] : []);
      queue.drop();
    }
  });
});

describe('close', () => {
  it('goes at once when nothing waits, and nothing follows it', () => {
    const { writer, queue } = start(100);
    queue.send(bytes(100), true);
    queue.close(1000, 'bye');
    queue.close(1001, 'again');
    expect(writer.closes).toEqual(['1000 bye']);
    expect(queue.send(bytes(1), true)).toBe('closed');
  });

  it('waits for every message, and for the rest of one that has begun', () => {
    const { writer, queue, heard, take } = start();
    queue.send(bytes(2 * MIB), true);
    queue.send(bytes(5), true);
    queue.close(4000, 'done');
    expect(queue.send(bytes(1), true)).toBe('closed');
    take(2 * MIB + 4);
    expect(writer.closes).toEqual([]);
    expect(writer.read().at(-1)).toBe('whole 5');
    take(1);
    expect(writer.closes).toEqual(['4000 done']);
    expect(heard).toEqual([]);
  });

  it('waits for control frames that the queue knows nothing of', () => {
    const { writer, queue, take } = start();
    writer.bufferedBytes = 100;
    queue.close(1000, '');
    expect([writer.closes, writer.waits]).toEqual([[], 1]);
    take(100);
    expect(writer.closes).toEqual(['1000 ']);
  });

  it('is given up at its deadline', () => {
    const { writer, queue, heard } = start();
    queue.send(bytes(2 * MIB), true);
    queue.close(1000, '');
    vi.advanceTimersByTime(4999);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(['overdue']);
    expect(writer.closes).toEqual([]);
  });

  it('leaves no deadline behind when the connection is lost first', () => {
    const { writer, queue, take } = start();
    queue.send(bytes(2 * MIB), true);
    queue.close(1000, '');
    queue.drop();
    take(4 * MIB);
    expect(writer.closes).toEqual([]);
    expect(writer.frames).toHaveLength(1);
  });

  it('notices a connection that is lost in the middle', () => {
    const { writer, queue, take } = start();
    queue.send(bytes(2 * MIB), true);
    queue.close(1000, '');
    writer.lost = true;
    take(4 * MIB);
    expect(writer.closes).toEqual([]);
    expect(queue.bufferedBytes).toBe(0);
  });
});

/** Messages are views of one pool, each at its own offset: where a view lies says what it is. */
const POOL = new Uint8Array(4 * MIB);
const SIZES = [0, 1, 100, 64 * KIB, WINDOW_BYTES, WINDOW_BYTES + 1, MIB, MIB + 1, 3 * MIB + 5];

type Step =
  | { readonly name: 'send'; readonly size: number; readonly isBinary: boolean }
  | { readonly name: 'take'; readonly bytes: number }
  | { readonly name: 'close' | 'lose' | 'drop' | 'advance' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      name: fc.constant('send' as const),
      size: fc.constantFrom(...SIZES),
      isBinary: fc.boolean(),
    }),
  },
  {
    weight: 10,
    arbitrary: fc.record({
      name: fc.constant('take' as const),
      bytes: fc.oneof(fc.nat(1000), fc.nat(2 * MIB)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ name: fc.constant('advance' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ name: fc.constantFrom('close' as const, 'lose' as const, 'drop' as const) }),
  },
);

interface Seen {
  readonly offset: number;
  readonly size: number;
  readonly isBinary: boolean;
}

/** Messages as a peer puts them together; it fails on frames in an order the protocol forbids. */
function assemble(frames: readonly FakeFrame[]): Seen[] {
  const seen: Seen[] = [];
  let begun: Seen | undefined;
  for (const { data, isBinary, part } of frames) {
    expect(data.length).toBeLessThanOrEqual(LARGEST_FRAME_BYTES);
    if (part === 'whole' || part === 'first') {
      expect(begun).toBeUndefined();
      begun = { offset: data.byteOffset, size: data.length, isBinary };
    } else {
      expect(begun && begun.offset + begun.size).toBe(data.byteOffset);
      begun = { offset: -1, isBinary, ...begun, size: (begun?.size ?? 0) + data.length };
    }
    if (part === 'whole' || part === 'last') {
      seen.push(begun);
      begun = undefined;
    }
  }
  return seen;
}

it('whatever is sent, taken and closed, the same messages come out in order, and control frames need not wait long', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { writer, queue, heard, take } = start();
      const accepted: Seen[] = [];
      let alive = true;
      let taken = 0;
      let owed = 0;
      for (const [offset, next] of steps.entries()) {
        if (next.name === 'send') {
          const { size, isBinary } = next;
          const room = writer.room;
          const outcome = queue.send(POOL.subarray(offset, offset + size), isBinary);
          taken += room - writer.room;
          if (outcome !== 'closed') accepted.push({ offset, size, isBinary });
          if (outcome === 'sent') expect(queue.bufferedBytes).toBe(0);
          if (outcome === 'buffered') owed = 1;
        } else if (next.name === 'take') {
          const room = writer.room + next.bytes;
          take(next.bytes);
          taken += room - writer.room;
        } else if (next.name === 'advance') {
          queue.advance();
        } else if (next.name === 'close') {
          queue.close(1000, '');
        } else {
          alive = false;
          if (next.name === 'lose') writer.lost = true;
          else queue.drop();
        }
        // A control frame sent now would wait behind no more than this.
        expect(writer.bufferedBytes).toBeLessThanOrEqual(LARGEST_FRAME_BYTES);
        if (alive) {
          const total = accepted.reduce((sum, { size }) => sum + size, 0);
          expect(queue.bufferedBytes).toBe(total - taken);
        }
        if (heard.length > 0) {
          expect(heard.splice(0)).toEqual(['drained']);
          expect(owed).toBe(1);
          owed = 0;
        }
      }
      const closing = steps.some(({ name }) => name === 'close');
      take(400 * MIB);
      vi.runAllTimers();
      const seen = assemble(alive ? writer.frames : wholeMessages(writer.frames));
      expect(seen).toEqual(accepted.slice(0, seen.length));
      if (alive) {
        expect(seen).toHaveLength(accepted.length);
        expect(writer.closes).toHaveLength(closing ? 1 : 0);
        expect(heard).toHaveLength(closing ? 0 : owed);
      }
      queue.drop();
      expect(vi.getTimerCount()).toBe(0);
    }),
    { numRuns: 300 },
  );
});

/** Without the fragments of a message that was cut off. */
function wholeMessages(frames: readonly FakeFrame[]): FakeFrame[] {
  const end = frames.findLastIndex(({ part }) => part === 'whole' || part === 'last');
  return frames.slice(0, end + 1);
}

it('small messages never make the window larger than it is', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(WINDOW_BYTES / 2), { minLength: 1 }), fc.nat(WINDOW_BYTES), (sizes, step) => {
      const { writer, queue, take } = start();
      for (const size of sizes) queue.send(bytes(size), true);
      while (queue.bufferedBytes > 0) take(step + 1);
      expect(writer.peakBytes).toBeLessThanOrEqual(WINDOW_BYTES);
    }),
    { numRuns: 50 },
  );
});

describe('a posted message', () => {
  const endTurn = () => vi.runAllTimers();

  it('leaves when the turn ends, together with the others', () => {
    const { writer, queue } = start(MIB);
    for (const length of [1, 2, 3]) expect(queue.post(bytes(length))).toBe('sent');
    expect(writer.frames).toEqual([]);
    expect(queue.bufferedBytes).toBe(6);
    endTurn();
    expect(writer.read()).toEqual(['whole 1', 'whole 2', 'whole 3']);
    expect(writer.batches).toBe(1);
    expect(queue.bufferedBytes).toBe(0);
  });

  it('is one of its own in the next turn', () => {
    const { writer, queue } = start(MIB);
    for (let turn = 1; turn <= 2; turn++) {
      queue.post(bytes(turn));
      endTurn();
      expect(writer.batches).toBe(turn);
    }
  });

  it('keeps its place among those that are sent', () => {
    const { writer, queue } = start(MIB);
    queue.post(bytes(1));
    queue.send(bytes(2), true);
    queue.post(bytes(3));
    queue.post(bytes(LARGEST_POSTED_BYTES + 1));
    queue.post(bytes(4));
    queue.close(1000, '');
    const lengths = writer.frames.map(({ data }) => data.length);
    expect(lengths).toEqual([1, 2, 3, LARGEST_POSTED_BYTES + 1, 4]);
    expect(writer.closes).toEqual(['1000 ']);
    endTurn();
    expect(writer.frames).toHaveLength(5);
  });

  it('does not wait for the end of a turn in which many are posted', () => {
    const { writer, queue } = start(MIB);
    for (let n = 1; n < MAX_POSTED_MESSAGES; n++) queue.post(bytes(1));
    expect(writer.frames).toEqual([]);
    queue.post(bytes(1));
    expect(writer.frames).toHaveLength(MAX_POSTED_MESSAGES);
    endTurn();
    expect(writer.frames).toHaveLength(MAX_POSTED_MESSAGES);
  });

  it('that the kernel does not take falls behind, and those after it queue up', () => {
    const { queue, heard, take } = start();
    queue.post(bytes(10));
    endTurn();
    expect(queue.bufferedBytes).toBe(10);
    expect(queue.post(bytes(5))).toBe('buffered');
    take(10);
    expect(heard).toEqual([]);
    take(5);
    expect(heard).toEqual(['drained']);
    expect(queue.bufferedBytes).toBe(0);
  });

  it('is joined with the others of its turn where that has been asked for, and is itself where it is alone', () => {
    const { writer, queue } = start(MIB);
    queue.post(bytes(1));
    queue.joinPosted((messages) => {
      expect(messages.length).toBeGreaterThan(1);
      return bytes(messages.reduce((sum, { length }) => 10 * sum + length, 0));
    });
    for (const length of [1, 2, 3]) queue.post(bytes(length));
    endTurn();
    queue.post(bytes(4));
    endTurn();
    queue.post(bytes(1));
    queue.post(bytes(2));
    queue.send(bytes(5), true);
    queue.post(bytes(6));
    endTurn();
    expect(writer.frames.map(({ data }) => data.length)).toEqual([1, 123, 4, 12, 5, 6]);
  });

  it('is forgotten with its connection', () => {
    const { writer, queue } = start(MIB);
    queue.post(bytes(1));
    queue.drop();
    endTurn();
    expect(writer.frames).toEqual([]);
    expect(queue.post(bytes(1))).toBe('closed');
  });

  it('of one socket leaves though another socket is lost in the same turn', () => {
    const turn = new Turn();
    const [one, two] = [start(MIB, turn), start(MIB, turn)];
    one.queue.post(bytes(1));
    two.queue.post(bytes(2));
    one.queue.drop();
    endTurn();
    expect(two.writer.read()).toEqual(['whole 2']);
  });
});
