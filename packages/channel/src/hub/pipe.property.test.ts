import fc from 'fast-check';
import { expect, it } from 'vitest';
import { costOf, WINDOW } from '../wire.js';
import { comparable, FakeEnd, KIB, setUp } from './test-support.js';

const LARGEST_ITEM = 100 * KIB;

const step = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      isText: fc.boolean(),
      size: fc.oneof(fc.nat(50), fc.nat(LARGEST_ITEM)),
      times: fc.integer({ min: 1, max: 8 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('block' as const, 'drain' as const, 'grant' as const, 'attach' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(100_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('end writer' as const, 'end reader' as const),
      code: fc.constantFrom(1000, 1005, 1006, 1011),
    }),
  },
);

const schedule = fc.record({
  writer: fc.constantFrom({ hasCredit: true }, { canPause: true }, {}),
  reader: fc.record({
    hasCredit: fc.boolean(),
    maxMessageBytes: fc.constantFrom(40 * KIB, Number.POSITIVE_INFINITY),
  }),
  spoolLimitBytes: fc.constantFrom(300 * KIB, 1e9),
  steps: fc.array(step, { maxLength: 60 }),
});

/** What a reader sees of items: binary ones in pieces it can receive. */
function seenOf(sent: readonly (string | Uint8Array)[], limit: number): (string | Uint8Array)[] {
  return sent.flatMap((item) => {
    if (typeof item === 'string' || item.byteLength <= limit) return [item];
    return Array.from({ length: Math.ceil(item.byteLength / limit) }, (_, i) =>
      item.subarray(i * limit, (i + 1) * limit),
    );
  });
}

it('a reader sees a prefix of what was sent, and all of it exactly when it is told that it was complete', () => {
  const outcomes = { complete: 0, failed: 0, spooled: 0, paused: 0 };
  fc.assert(
    fc.property(schedule, ({ writer: writerTraits, reader: readerTraits, spoolLimitBytes, steps }) => {
      const { clock, files, hub, refs } = setUp({ bufferSize: 1, spoolLimitBytes });
      const writer = new FakeEnd(writerTraits).attach(hub, refs.writer);
      const reader = new FakeEnd(readerTraits);
      const sent: (string | Uint8Array)[] = [];
      let cost = 0;
      let isAttached = false;
      let hasWriterEnded = false;
      let hasReaderEnded = false;

      const credit = () => Number(String(writer.received.at(-1) ?? `c${WINDOW.initial}`).slice(1));
      const write = (isText: boolean, size: number) => {
        if (hasWriterEnded || writer.closedWith !== undefined || writer.isPaused) return;
        if (writer.hasCredit && cost >= credit()) return;
        const item = isText ? `${sent.length}:`.padEnd(size, '.') : Buffer.alloc(size, sent.length);
        sent.push(item);
        cost += costOf(item.length);
        if (typeof item === 'string') writer.text(item);
        else writer.binary(item);
      };
      const consumed = () =>
        reader.received.reduce(
          (sum, item) => sum + costOf(item.length - (typeof item === 'string' ? 1 : 0)),
          0,
        );
      const grant = () => {
        if (isAttached && reader.hasCredit && !hasReaderEnded) reader.grant(consumed() + WINDOW.initial);
      };
      const attach = () => {
        if (isAttached || hub.info(refs.reader.channel_id) === undefined) return;
        isAttached = true;
        reader.attach(hub, refs.reader);
      };
      const drain = () => {
        if (isAttached && !hasReaderEnded) reader.drain();
        else reader.isBlocked = false;
      };

      for (const action of steps) {
        if (action.do === 'write') for (let i = 0; i < action.times; i++) write(action.isText, action.size);
        else if (action.do === 'block') reader.isBlocked = true;
        else if (action.do === 'drain') drain();
        else if (action.do === 'grant') grant();
        else if (action.do === 'attach') attach();
        else if (action.do === 'wait') clock.advance(action.ms);
        else if (action.do === 'end writer' && !hasWriterEnded) {
          hasWriterEnded = true;
          writer.end(action.code);
        } else if (action.do === 'end reader' && isAttached && !hasReaderEnded) {
          hasReaderEnded = true;
          reader.end(action.code);
        }
        const info = hub.info(refs.writer.channel_id);
        const window = writer.hasCredit ? WINDOW.max : 64 * KIB;
        expect(info?.buffered_bytes ?? 0).toBeLessThan(window + costOf(LARGEST_ITEM));
        expect(reader.bufferedBytes).toBeLessThan(WINDOW.min + LARGEST_ITEM + 1);
        if (info !== undefined && info.spooled_bytes > 0) outcomes.spooled++;
        if (writer.isPaused) outcomes.paused++;
      }
      // Everything that can still move does.
      if (!hasWriterEnded) {
        hasWriterEnded = true;
        writer.end();
      }
      attach();
      for (let before = -1; before !== reader.received.length; ) {
        before = reader.received.length;
        drain();
        grant();
      }

      const seen = reader.received.map((item) =>
        typeof item === 'string' && reader.hasCredit ? item.slice(1) : item,
      );
      const expected = comparable(seenOf(sent, reader.maxMessageBytes));
      expect(comparable(seen)).toEqual(expected.slice(0, seen.length));
      const isComplete = reader.closedWith?.code === 1000;
      if (isComplete) {
        expect(seen.length).toBe(expected.length);
        outcomes.complete++;
      } else if (reader.closedWith !== undefined) outcomes.failed++;
      // Whoever is still there has been told something.
      if (isAttached && !hasReaderEnded) expect(reader.closedWith).toBeDefined();
      if (!writer.hasCredit) expect(writer.received).toEqual([]);
      expect(files.openFiles).toBe(0);
      expect(hub.usage).toEqual({ channels: 0, memory_bytes: 0, spool_bytes: 0 });
      expect(clock.pending).toBe(0);
    }),
    { numRuns: 300 },
  );
  // The schedules do reach what they are meant to.
  for (const count of Object.values(outcomes)) expect(count).toBeGreaterThan(10);
});
