import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isBatch, joinFrames, joinTexts, readBatch } from './batch.js';
import { bytes, text } from './test-support.js';

function framesIn(message: Uint8Array): { frames: string[]; fault: string | undefined } {
  const frames: string[] = [];
  const fault = readBatch(message, (start, end) => frames.push(text(message.subarray(start, end))));
  return { frames, fault };
}

describe('several frames in one message', () => {
  it('are spelled like this', () => {
    expect(text(joinFrames([bytes('{}'), bytes('{"a":"0123456789"}')]))).toBe(
      '#0002{}0012{"a":"0123456789"}',
    );
    expect(text(joinTexts(['{}', '{"é":1}']))).toBe('#0002{}0008{"é":1}');
  });

  it('come apart as they were put together, of text or of bytes', () => {
    const frame = fc.string({ unit: 'binary', maxLength: 300 });
    fc.assert(
      fc.property(fc.array(frame, { minLength: 1, maxLength: 16 }), (frames) => {
        const whole = frames.map((each) => text(bytes(each)));
        for (const message of [joinTexts(frames), joinFrames(frames.map(bytes))]) {
          expect(isBatch(message)).toBe(true);
          expect(framesIn(message)).toEqual({ frames: whole, fault: undefined });
        }
      }),
    );
  });

  it('stay what they are when others are put together later', () => {
    const first = joinTexts(['{"n":1}', '{"n":2}']);
    joinTexts(['{"n":3}', '{"n":4}']);
    expect(framesIn(first).frames).toEqual(['{"n":1}', '{"n":2}']);
  });

  it('may have up to 65,535 bytes each', () => {
    const frame = 'x'.repeat(65_535);
    expect(text(joinTexts([frame])).slice(0, 6)).toBe('#ffffx');
    expect(framesIn(joinTexts(['{}', frame])).frames).toEqual(['{}', frame]);
  });

  it('are told from a frame', () => {
    expect(isBatch(bytes('{"type":"ping"}'))).toBe(false);
    expect(isBatch(bytes(''))).toBe(false);
  });

  it.each([
    ['#0002{}00', 7],
    ['#0002{}zzzz{}', 7],
    ['#0002{}000G', 7],
    ['#0002{}00:0{}', 7],
    ['#0002{}00A0{}', 7],
  ])('are at fault where digits are missing: %s', (message, at) => {
    const fault = `byte ${at} of a batch should begin 4 digits of 0 to f`;
    expect(framesIn(bytes(message))).toEqual({ frames: ['{}'], fault });
  });

  it('are at fault where one is cut off', () => {
    expect(framesIn(bytes('#0002{}0005{"a'))).toEqual({
      frames: ['{}'],
      fault: 'the last frame of a batch is cut off: 5 bytes are said, 3 are there',
    });
  });

  it('are at fault where there are too many, or too much of them', () => {
    const frames = Array.from({ length: 65 }, () => '{}');
    expect(framesIn(joinTexts(frames.slice(1)))).toEqual({ frames: frames.slice(1), fault: undefined });
    expect(framesIn(joinTexts(frames)).fault).toBe('a batch has more than 64 frames');
    const long = joinTexts(Array.from({ length: 9 }, () => 'x'.repeat(60_000)));
    expect(framesIn(long)).toEqual({
      frames: [],
      fault: 'a batch has 540037 bytes, where it may have 524288',
    });
  });
});
