/** How numbers name days of the week: `quartz` 1 is Sunday … 7 is Saturday; `unix` 0 is Sunday … 6 is Saturday, as 7 is. */
export type DayNumbering = 'quartz' | 'unix';

/** A field, read. */
export interface ParsedField {
  /** Ascending, each once. */
  readonly values: readonly number[];
  /** The same for all fields that mean the same: `*`, or every value. */
  readonly canonical: string;
  /** Whether a value was written as a number. */
  readonly hasNumbers: boolean;
}

/** What may stand in one field of an expression (workers-state-stream-pubsub-cron.md §4.2). */
export interface FieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** In small letters. */
  readonly names: ReadonlyMap<string, number>;
  /** Whether `?` means the same as `*`. */
  readonly hasQuestionMark: boolean;
  /** What a `0` that stands for itself means, where it is out of the range. */
  readonly zero?: number;
  /** Fields of this kind that were read before, by their text. */
  readonly known: Map<string, ParsedField>;
}

const NO_NAMES: ReadonlyMap<string, number> = new Map();

const MONTHS = [
  ...['january', 'february', 'march', 'april', 'may', 'june'],
  ...['july', 'august', 'september', 'october', 'november', 'december'],
];

const MONTH_NAMES = new Map(
  MONTHS.flatMap((name, index) => [
    [name.slice(0, 3), index + 1],
    [name, index + 1],
  ]),
);

/** From Sunday on. */
const DAYS: ReadonlyArray<readonly string[]> = [
  ['sun', 'sunday'],
  ['mon', 'monday'],
  ['tue', 'tues', 'tuesday'],
  ['wed', 'wednesday'],
  ['thu', 'thurs', 'thursday'],
  ['fri', 'friday'],
  ['sat', 'saturday'],
];

function rule(name: string, min: number, max: number, more: Partial<FieldRule> = {}): FieldRule {
  return { name, min, max, names: NO_NAMES, hasQuestionMark: false, known: new Map(), ...more };
}

function dayNames(sunday: number): ReadonlyMap<string, number> {
  return new Map(DAYS.flatMap((names, index) => names.map((name) => [name, index + sunday] as const)));
}

const QUARTZ_DAYS = rule('day-of-week', 1, 7, { names: dayNames(1), hasQuestionMark: true, zero: 1 });
const UNIX_DAYS = rule('day-of-week', 0, 7, { names: dayNames(0), hasQuestionMark: true });

export const SECOND = rule('second', 0, 59);
export const MINUTE = rule('minute', 0, 59);
export const HOUR = rule('hour', 0, 23);
export const DAY_OF_MONTH = rule('day-of-month', 1, 31, { hasQuestionMark: true });
export const MONTH = rule('month', 1, 12, { names: MONTH_NAMES });
export const YEAR = rule('year', 1970, 2100);

export function dayOfWeekRule(numbering: DayNumbering): FieldRule {
  return numbering === 'quartz' ? QUARTZ_DAYS : UNIX_DAYS;
}
