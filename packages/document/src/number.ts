import { assumeRawJson, type RawJson, textOfRaw } from 'iii-protocol';

const SIGNED_MAX = 2n ** 63n - 1n;
const SIGNED_MIN = -(2n ** 63n);
const UNSIGNED_MAX = 2n ** 64n - 1n;

/** JSON numbers without a fraction or an exponent; `-0` is none of them, its sign would be lost. */
const INTEGER = /^(?!-0$)-?\d+$/;

export function rawInteger(value: bigint): RawJson {
  return rawNumber(value.toString());
}

/**
 * The sum of a JSON number and an integer: exact in 64 bits, signed or (from a number that is not negative) unsigned;
 * with doubles where the number is one (workers-state-stream-pubsub-cron.md §1.5.6). Undefined when it fits into neither.
 */
export function addInteger(number: RawJson, by: bigint): RawJson | undefined {
  const text = textOfRaw(number);
  const current = INTEGER.test(text) ? BigInt(text) : undefined;
  if (current === undefined || current < SIGNED_MIN || current > UNSIGNED_MAX) {
    const sum = Number(text) + Number(by);
    return Number.isFinite(sum) ? rawDouble(sum) : undefined;
  }
  const sum = current + by;
  const fits =
    (current <= SIGNED_MAX && sum >= SIGNED_MIN && sum <= SIGNED_MAX) ||
    (current >= 0n && sum >= 0n && sum <= UNSIGNED_MAX);
  return fits ? rawInteger(sum) : undefined;
}

/** A double stays one for readers that tell `1.0` from `1`. */
function rawDouble(value: number): RawJson {
  const text = Object.is(value, -0) ? '-0' : String(value);
  return rawNumber(/^-?\d+$/.test(text) ? `${text}.0` : text);
}

function rawNumber(text: string): RawJson {
  return assumeRawJson(Uint8Array.from(Buffer.from(text, 'latin1')));
}
