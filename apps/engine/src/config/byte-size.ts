import { type IntegerOptions, type TSchema, Type } from 'iii-protocol/schema';

/** Marks integers that may be written as a size. */
const SIZE = 'x-byte-size';

/** A number of bytes, which may be written as an integer or as text such as `64MiB`. */
export const byteSize = (options: IntegerOptions) => Type.Integer({ ...options, [SIZE]: true });

const KIB = 1024;
const KB = 1000;

/** Bytes in one of each unit: `MiB` counts in 1024, `MB` in 1000. */
const UNITS: Readonly<Record<string, number>> = {
  b: 1,
  ...{ kib: KIB, mib: KIB ** 2, gib: KIB ** 3, tib: KIB ** 4 },
  ...{ kb: KB, mb: KB ** 2, gb: KB ** 3, tb: KB ** 4 },
};

const SIZE_TEXT = /^(\d+(?:\.\d+)?) ?([a-z]+)$/i;

/** Bytes of a text such as `64MiB`, `1.5 GB`; undefined when it is not one, or is no whole number of bytes. */
export function parseByteSize(text: string): number | undefined {
  const [, digits, unit = ''] = SIZE_TEXT.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(UNITS, unit.toLowerCase()) ? UNITS[unit.toLowerCase()] : undefined;
  if (digits === undefined || factor === undefined) return undefined;
  const bytes = Number(digits) * factor;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

export interface SizeProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/**
 * Replaces sizes written as text by their number of bytes, where the schema has a size. A text that is none is told
 * and left out, so that nothing else is said about it.
 */
export function withByteSizes(
  schema: TSchema,
  value: unknown,
  tell: (problem: SizeProblem) => void,
  path: readonly string[] = [],
): unknown {
  if (typeof value === 'string' && schema[SIZE] === true) {
    const bytes = parseByteSize(value);
    if (bytes === undefined) tell({ path, message: sizeMessage(value) });
    return bytes;
  }
  const members = schema.properties as Readonly<Record<string, TSchema>> | undefined;
  if (members === undefined || typeof value !== 'object' || value === null || Array.isArray(value)) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => {
      const inner = Object.hasOwn(members, name) ? members[name] : undefined;
      return [name, inner === undefined ? member : withByteSizes(inner, member, tell, [...path, name])];
    }),
  );
}

function sizeMessage(text: string): string {
  return `expected a number of bytes, or a size such as "64MiB" or "64MB", not ${JSON.stringify(text)}`;
}
