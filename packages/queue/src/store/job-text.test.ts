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
    metadata: fc.jsonValue(),
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

it('reads jobs as they were written, whatever is in them', () => {
  const shown = ({ data, storedBytes: _, isInPlace: __, ...rest }: Job) => ({
    ...rest,
    data: textOfRaw(data),
  });
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
