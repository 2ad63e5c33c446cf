import fc from 'fast-check';
import { rawFromValue, textOfRaw } from 'iii-protocol';
import { expect, it } from 'vitest';
import type { Job } from '../job.js';
import { decodeInPlace, decodeJob, decodeState, encodeInPlace, encodeJob } from './records.js';

const text = fc.string({ unit: 'binary', maxLength: 60 });
const job = fc.record(
  {
    // In base 2, so that there are numbers of every length.
    seq: fc.integer({ min: 0, max: 52 }).map((bits) => 2 ** bits - 1),
    enqueuedAtMs: fc.oneof(
      fc.maxSafeNat(),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    queue: fc.nat(),
    lane: text,
    priority: fc.nat(255),
    receipt: fc.oneof(text, fc.uuid(), fc.constantFrom('"', '\\', '\u007f', '\u001f', '\ud800')),
    functionId: text,
    namespace: text,
    data: fc.jsonValue().map(rawFromValue),
    metadata: fc.oneof(fc.constant(null), fc.jsonValue()),
    traceparent: text,
    baggage: text,
    expiresAtMs: fc.nat(),
  },
  {
    requiredKeys: [
      'seq',
      'enqueuedAtMs',
      'queue',
      'lane',
      'priority',
      'receipt',
      'functionId',
      'namespace',
      'data',
    ],
  },
);

const shown = ({ data, storedBytes: _, isInPlace: __, ...rest }: Job) => ({
  ...rest,
  data: textOfRaw(data),
});

it('reads jobs as they were written, whatever is in them', () => {
  fc.assert(
    fc.property(job, (given) => {
      const expected = JSON.parse(JSON.stringify(shown(given)));
      const inPlace = Buffer.from(encodeInPlace(given));
      const own = Buffer.from(encodeJob(given));
      expect(shown(decodeInPlace(inPlace))).toEqual(expected);
      expect(shown(decodeJob(own))).toEqual(expected);
      expect(decodeState(inPlace).seq).toBe(given.seq);
      expect(inPlace.length).toBe(own.length + 1);
    }),
    { numRuns: 500 },
  );
});

it('reads jobs one after the other, whatever they have in common', () => {
  fc.assert(
    fc.property(
      fc.array(job, { minLength: 1, maxLength: 3 }),
      fc.infiniteStream(fc.nat()),
      (kinds, picks) => {
        for (let seq = 1; seq < 10; seq++) {
          const kind = kinds[(picks.next().value ?? 0) % kinds.length] as Job;
          const given = { ...kind, seq, data: rawFromValue(seq) };
          expect(shown(decodeJob(Buffer.from(encodeJob(given))))).toEqual(
            JSON.parse(JSON.stringify(shown(given))),
          );
        }
      },
    ),
  );
});

it('reads jobs that were written with their members in another order', () => {
  const head = {
    seq: 7,
    queue: 1,
    lane: 'l',
    priority: 0,
    receipt: 'r',
    functionId: 'f',
    namespace: 'default',
    enqueuedAtMs: 5,
  };
  const record = Buffer.from(`=${JSON.stringify(head)}\n{"n":1}`);
  expect(shown(decodeInPlace(record))).toEqual({ ...head, data: '{"n":1}' });
  expect(decodeState(record).seq).toBe(7);
});
