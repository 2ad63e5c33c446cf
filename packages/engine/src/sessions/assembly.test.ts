import fc from 'fast-check';
import { CodecError, FrameDecoder } from 'iii-protocol';
import { describe, expect, it } from 'vitest';
import { Assembly } from './assembly.js';

const ID = '00000000-0000-4000-8000-000000000001';

/** The text in parts that end at these offsets. */
function assembled(text: Uint8Array, ends: readonly number[], marginBytes?: number): Assembly {
  const assembly = new Assembly(text.length, marginBytes);
  let at = 0;
  for (const end of [...ends, text.length]) {
    if (end <= at) continue;
    assembly.add({ rest: text.length - at, bytes: text.subarray(at, end) });
    at = end;
  }
  return assembly;
}

function decoded(text: Uint8Array) {
  const decoder = new FrameDecoder();
  try {
    const frame = decoder.decode(text, { checkUtf8: true });
    return { frame, hasUnderscore: decoder.hasUnderscore, isPlainResult: decoder.isPlainResult };
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}

/** A frame with its long members as texts: byte by byte, comparing a few MiB takes ten seconds. */
function readable(frame: object | undefined) {
  return Object.entries(frame ?? {}).map(([name, value]) =>
    value instanceof Uint8Array ? [name, 'bytes', Buffer.from(value).toString('latin1')] : [name, value],
  );
}

const spaced = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.constantFrom(undefined, 1, '\n'))
  .map(([text, space]) => JSON.stringify(JSON.parse(text), undefined, space));
const anyText = fc
  .record({
    payload: spaced,
    kind: fc.constantFrom(
      { type: 'invokefunction', member: 'data' },
      { type: 'invocationresult', member: 'result' },
      { type: 'ping', member: 'more' },
    ),
    space: fc.constantFrom('', ' ', '\n\t'),
  })
  .map(({ payload, kind: { type, member }, space: s }) =>
    Buffer.from(
      `${s}{${s}"type"${s}:"${type}",${s}"invocation_id":"${ID}"${s},"function_id":"f","${member}":${s}${payload}${s}}${s}`,
    ),
  );
const damage = fc.array(fc.record({ at: fc.nat(), cut: fc.nat(3), put: fc.uint8Array({ maxLength: 2 }) }), {
  maxLength: 2,
});

describe('a frame that comes in parts', () => {
  it('is what it would be in one piece, or is left to whoever reads it in one, wherever it is cut', () => {
    let read = 0;
    fc.assert(
      fc.property(
        anyText,
        damage,
        fc.array(fc.nat(), { maxLength: 6 }),
        fc.nat(40),
        (text, damages, cuts, margin) => {
          const wire = [...text];
          for (const { at, cut, put } of damages) wire.splice(at % (wire.length + 1), cut, ...put);
          const bytes = Buffer.from(wire);
          if (bytes.length === 0) return;
          const ends = cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b);
          const assembly = assembled(bytes, ends, margin);
          expect(bytes.equals(assembly.text)).toBe(true);
          const frame = assembly.finish();
          if (frame === undefined) return;
          read++;
          const { decoder } = assembly;
          const { hasUnderscore, isPlainResult } = decoder;
          expect({ frame, hasUnderscore, isPlainResult }).toEqual(decoded(bytes));
        },
      ),
      { numRuns: 3_000 },
    );
    expect(read).toBeGreaterThan(300);
  });

  const records = Array.from({ length: 5_000 }, (_, id) => ({
    id,
    name: `näme ${id}`,
    tags: ['new', 'a\nb'],
  }));
  const long = Buffer.from(
    JSON.stringify({ type: 'invokefunction', invocation_id: ID, function_id: 'f', data: { records } }),
  );

  it('has been read but for its end when that comes', () => {
    const ends = Array.from({ length: 30 }, (_, at) => (at + 1) * 9_973);
    const assembly = assembled(long, ends);
    expect(assembly.decoder.scanned).toBeGreaterThan(250_000);
    expect(readable(assembly.finish())).toEqual(readable(decoded(long)?.frame));
    const begun = new Assembly(long.length);
    begun.add({ rest: long.length, bytes: long.subarray(0, 100_000) });
    expect(begun.rest).toBe(long.length - 100_000);
    expect(begun.decoder.scanned).toBeGreaterThan(95_000);
    expect(begun.decoder.scanned).toBeLessThanOrEqual(100_000);
  });

  it('is longer than there was room for at first', () => {
    const text = 'x'.repeat(3 * 1024 * 1024);
    const frame = Buffer.from(
      JSON.stringify({ type: 'invocationresult', invocation_id: ID, function_id: 'f', result: { text } }),
    );
    const ends = Array.from({ length: 24 }, (_, at) => (at + 1) * 128 * 1024);
    const assembly = assembled(frame, ends);
    expect([assembly.rest, frame.equals(assembly.text)]).toEqual([0, true]);
    const finished = readable(assembly.finish());
    expect(finished).toEqual(readable(decoded(frame)?.frame));
    expect(finished).toContainEqual(['result', 'bytes', JSON.stringify({ text })]);
  });

  it('is left to whoever reads it whole when something long is cut, is not UTF-8, or is broken', () => {
    const name = `{"type":"ping","${'n'.repeat(20_000)}":1}`;
    expect(assembled(Buffer.from(name), [10_000]).finish()).toBeUndefined();
    const broken = Buffer.from(long);
    broken[broken.indexOf('ä') + 1] = 0x20;
    expect(assembled(broken, [50_000]).finish()).toBeUndefined();
    expect(assembled(long.subarray(0, -1), [50_000]).finish()).toBeUndefined();
  });
});
