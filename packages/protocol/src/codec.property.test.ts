import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CodecError } from './codec-error.js';
import { FrameDecoder } from './decoder.js';
import { encodeFrame, encodeInPieces } from './encoder.js';
import { FRAME_SHAPES, type MemberKind } from './frame-shapes.js';
import type { Frame, FrameType } from './frames.js';
import { MemberStamp } from './raw-edit.js';
import { rawFromValue } from './raw-json.js';
import { bytes, plain, text } from './test-support.js';
import { joinUtf8 } from './utf8.js';

/** Strings any peer may send: whole code points only, since lone surrogates have no UTF-8 form. */
const anyText = fc.string({ unit: 'binary' });
const anyRaw = fc
  .jsonValue({ maxDepth: 4, stringUnit: 'binary' })
  .filter((value) => value !== null)
  .map(rawFromValue);
const anyError = fc.record(
  { code: anyText, message: anyText, stacktrace: anyText },
  { requiredKeys: ['code', 'message'] },
);
const anyAction = fc.oneof(
  fc.constant({ type: 'void' as const }),
  anyText.map((queue) => ({ type: 'enqueue' as const, queue })),
);

function member(kind: MemberKind): fc.Arbitrary<unknown> {
  switch (kind) {
    case 'uuid':
    case 'uuid?':
      return fc.uuid();
    case 'json':
    case 'json?':
      return anyRaw;
    case 'error':
    case 'error?':
      return anyError;
    case 'action?':
      return anyAction;
    case 'strings':
    case 'strings?':
      return fc.array(anyText, { maxLength: 3 });
    case 'ms?':
      return fc.nat();
    default:
      return anyText;
  }
}

const anyFrame: fc.Arbitrary<Frame> = fc.oneof(
  ...Object.entries(FRAME_SHAPES).map(([type, shape]) => {
    const members = Object.entries(shape as Record<string, MemberKind>);
    const required = members.filter(([, kind]) => !kind.endsWith('?')).map(([name]) => name);
    const record = fc.record(Object.fromEntries(members.map(([name, kind]) => [name, member(kind)])), {
      requiredKeys: required,
      noNullPrototype: true,
    });
    return record.map((fields) => ({ type: type as FrameType, ...fields }) as Frame);
  }),
);

const decoder = new FrameDecoder();

/** A frame, or the codec's own error; anything else fails the test. */
function decodeOrRefuse(input: Uint8Array): Frame | CodecError {
  try {
    return decoder.decode(input, { checkUtf8: true });
  } catch (error) {
    if (error instanceof CodecError) return error;
    throw error;
  }
}

describe('the codec', () => {
  it('gives back every frame it writes', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const wire = encodeFrame(frame);
        const decoded = decoder.decode(wire, { checkUtf8: true });
        expect(text(encodeFrame(decoded))).toBe(text(wire));
        expect(plain(decoded)).toEqual(plain(frame));
      }),
      { numRuns: 2000 },
    );
  });

  it('writes the same in pieces, among them what is free in form as it is', () => {
    const stamp = new MemberStamp('_who', 'me');
    const call = fc.record({
      type: fc.constant('invokefunction' as const),
      function_id: fc.string(),
      data: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => rawFromValue(value)),
    });
    fc.assert(
      fc.property(anyFrame, call, (frame, stamped) => {
        expect(text(joinUtf8(encodeInPieces(frame)))).toBe(text(encodeFrame(frame)));
        const pieces = encodeInPieces(stamped, stamp);
        expect(text(joinUtf8(pieces))).toBe(text(encodeFrame(stamped, stamp)));
        expect(pieces.some((piece) => piece.buffer === stamped.data.buffer)).toBe(true);
      }),
    );
  });

  it('writes JSON that others read the same way', () => {
    fc.assert(
      fc.property(anyFrame, (frame) => {
        const read = JSON.parse(text(encodeFrame(frame))) as Record<string, unknown>;
        expect(Object.keys(read)[0]).toBe('type');
        for (const [name, value] of Object.entries(frame)) {
          expect(read[name]).toEqual(value instanceof Uint8Array ? JSON.parse(text(value)) : value);
        }
      }),
    );
  });

  it('reads frames whatever the order and spacing of their members', () => {
    fc.assert(
      fc.property(anyFrame, fc.nat(), fc.constantFrom('', ' ', '\n\t'), (frame, turn, space) => {
        const members = Object.entries(frame).map(
          ([name, value]) =>
            `${space}${JSON.stringify(name)}${space}:${space}${value instanceof Uint8Array ? text(value) : JSON.stringify(value)}${space}`,
        );
        const at = turn % members.length;
        const shuffled = [...members.slice(at), ...members.slice(0, at)].join(',');
        expect(plain(decoder.decode(bytes(`${space}{${shuffled}}${space}`)))).toEqual(plain(frame));
      }),
    );
  });

  it('throws nothing but its own error on random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (input) => {
        decodeOrRefuse(input);
      }),
      { numRuns: 2000 },
    );
  });

  it('throws nothing but its own error on random JSON', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5, stringUnit: 'binary' }), (input) => {
        decodeOrRefuse(bytes(input));
      }),
      { numRuns: 1000 },
    );
  });

  it('throws nothing but its own error on damaged frames, and what it accepts it can write', () => {
    const damage = fc.record({ at: fc.nat(), cut: fc.nat(4), put: fc.uint8Array({ maxLength: 3 }) });
    fc.assert(
      fc.property(anyFrame, fc.array(damage, { minLength: 1, maxLength: 4 }), (frame, damages) => {
        const wire = [...encodeFrame(frame)];
        for (const { at, cut, put } of damages) wire.splice(at % (wire.length + 1), cut, ...put);
        const decoded = decodeOrRefuse(Uint8Array.from(wire));
        if (decoded instanceof CodecError) return;
        expect(plain(decoder.decode(encodeFrame(decoded)))).toEqual(plain(decoded));
      }),
      { numRuns: 2000 },
    );
  });
});
