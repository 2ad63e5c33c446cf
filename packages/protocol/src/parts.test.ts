import { describe, expect, it } from 'vitest';
import { faultOfPart, PART_BYTES, partsOf, readPart } from './parts.js';
import { bytes, text } from './test-support.js';
import { joinUtf8 } from './utf8.js';

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => at % 127);

describe('a frame in parts', () => {
  it.each([1, PART_BYTES - 1, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 7])(
    'of %d bytes says with each what is left, and comes together again',
    (length) => {
      const frame = bytesOf(length);
      let rest = length;
      const pieces: Uint8Array[] = [];
      for (const message of partsOf(frame)) {
        const part = readPart(message);
        if (part === undefined) throw new Error('no part');
        expect(faultOfPart(part, rest)).toBeUndefined();
        expect(part.bytes.length).toBe(Math.min(rest, PART_BYTES));
        rest -= part.bytes.length;
        pieces.push(part.bytes);
      }
      expect(rest).toBe(0);
      expect(text(joinUtf8(pieces)) === text(frame)).toBe(true);
    },
  );

  it('is spelled like this', () => {
    expect([...partsOf(bytes('{}'))].map(text)).toEqual(['PART\0\0\0\x02{}']);
  });

  it('is told from other binary messages', () => {
    for (const each of ['', 'PART', 'PART123', 'OTLP{"resourceSpans":[]}', '{"type":"ping"}', 'part1234']) {
      expect(readPart(bytes(each))).toBeUndefined();
    }
    expect(readPart(bytes('PART\0\0\0\x05ab'))).toEqual({ rest: 5, bytes: bytes('ab') });
  });

  it('is at fault where the numbers do not fit', () => {
    const three = bytesOf(3);
    expect(faultOfPart({ rest: 3, bytes: three }, undefined)).toBeUndefined();
    expect(faultOfPart({ rest: 9, bytes: three }, 9)).toBeUndefined();
    expect(faultOfPart({ rest: 8, bytes: three }, 9)).toBe(
      'a part says that 8 bytes are left of a frame of which 9 are',
    );
    expect(faultOfPart({ rest: 2, bytes: three }, 2)).toBe(
      'a part has 3 bytes of a frame of which 2 are left',
    );
    expect(faultOfPart({ rest: 2, bytes: bytesOf(0) }, 2)).toBe('a part is empty');
  });
});
