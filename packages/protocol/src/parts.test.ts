import { describe, expect, it } from 'vitest';
import { LongFrame } from './long-frame.js';
import { faultOfPart, PART_BYTES, readPart } from './parts.js';
import { bytes, text } from './test-support.js';
import { joinUtf8 } from './utf8.js';

const bytesOf = (length: number) => Uint8Array.from({ length }, (_, at) => at % 127);

function frameOf(...texts: readonly string[]): LongFrame {
  const frame = new LongFrame();
  for (const each of texts) frame.add(each);
  return frame;
}

describe('a frame in parts', () => {
  it.each([
    ['one byte', ['x']],
    ['a byte less than a part has', ['x'.repeat(PART_BYTES - 1)]],
    ['what a part has', ['x'.repeat(PART_BYTES)]],
    ['a byte more', ['x'.repeat(PART_BYTES + 1)]],
    ['several parts', ['x'.repeat(3 * PART_BYTES + 7)]],
    ['several texts', ['é', 'x'.repeat(PART_BYTES), '', '…'.repeat(PART_BYTES), 'end']],
    ['characters of two bytes that do not fit at the end', ['x', 'é'.repeat(PART_BYTES)]],
    [
      'characters of four, also where one would be cut',
      ['xyz', '😀'.repeat(PART_BYTES / 2), 'x', '😀'.repeat(PART_BYTES)],
    ],
    ['halves of characters', [`${'x'.repeat(PART_BYTES - 1)}\ud83d`, `x\ude00${'x'.repeat(PART_BYTES)}`]],
  ])('of %s says with each what is left, and comes together again', (_, texts) => {
    const whole = texts.join('');
    const frame = frameOf(...texts);
    let rest = bytes(whole).length;
    expect(frame.size).toBe(rest);
    const pieces: Uint8Array[] = [];
    for (const message of frame.inParts()) {
      const part = readPart(message);
      if (part === undefined) throw new Error('no part');
      expect(faultOfPart(part, rest)).toBeUndefined();
      expect(part.bytes.length).toBeLessThanOrEqual(PART_BYTES);
      // It would not if it began or ended within a character.
      expect(bytes(text(part.bytes)).length).toBe(part.bytes.length);
      rest -= part.bytes.length;
      pieces.push(part.bytes);
    }
    expect(rest).toBe(0);
    expect(pieces.length).toBeLessThanOrEqual(Math.floor(frame.size / (PART_BYTES - 3)) + 1);
    expect(text(joinUtf8(pieces)) === text(bytes(whole))).toBe(true);
    expect(text(joinUtf8([...frame.inFragments()])) === text(bytes(whole))).toBe(true);
  });

  it('is spelled like this', () => {
    expect(frameOf('{', '}').inParts().map(text)).toEqual(['PART\0\0\0\x02{}']);
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
