import type { HandlerError } from 'iii-sdk';
import { cronError } from '../errors.js';
import {
  DAY_OF_MONTH,
  type DayNumbering,
  dayOfWeekRule,
  type FieldRule,
  HOUR,
  MINUTE,
  MONTH,
  type ParsedField,
  SECOND,
  YEAR,
} from './fields.js';
import { canonicalValues, FieldProblem, parseField } from './parse-field.js';
import { type PlacedField, splitFields } from './split-fields.js';

/** Times of a clock on a wall: every list ascending. */
export interface WallTimes {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly daysOfMonth: readonly number[];
  /** From 1. */
  readonly months: readonly number[];
  /** From 0, which is Sunday. */
  readonly daysOfWeek: readonly number[];
  readonly years: readonly number[];
}

/** An expression, read. */
export interface Expression {
  readonly times: WallTimes;
  /** The same for all expressions that mean the same. */
  readonly canonical: string;
  /** How numbers in its day-of-week were read, when there are any. */
  readonly numbering: DayNumbering | undefined;
}

/** Characters of an expression. */
export const MAX_EXPRESSION_LENGTH = 1024;

const SHORTHANDS: ReadonlyMap<string, string> = new Map([
  ['@yearly', '0 0 0 1 1 *'],
  ['@monthly', '0 0 0 1 * *'],
  ['@weekly', '0 0 0 * * SUN'],
  ['@daily', '0 0 0 * * *'],
  ['@hourly', '0 0 * * * *'],
]);

/**
 * Reads an expression of the dialect of workers-state-stream-pubsub-cron.md §4.2, with `0` as Sunday and lines of five
 * fields in addition (§4.9): those are read as crontab does, with second 0 and Monday as 1.
 *
 * @throws HandlerError with the code `invalid_expression`, naming field and column.
 */
export function parseExpression(text: string, numbering: DayNumbering): Expression {
  if (text.length > MAX_EXPRESSION_LENGTH) {
    const shown = JSON.stringify(`${text.slice(0, 40)}…`);
    const length = `has ${text.length} characters, more than the ${MAX_EXPRESSION_LENGTH} there may be`;
    throw cronError('invalid_expression', `expression ${shown} ${length}`);
  }
  const shorthand = SHORTHANDS.get(text.trim());
  if (shorthand !== undefined) return parseExpression(shorthand, numbering);
  const fields = splitFields(text);
  if (fields.length === 5) return parseCrontabLine(text, fields);
  if (fields.length === 6 || fields.length === 7) return parseFields(text, fields, numbering);
  if (text.trim().startsWith('@')) {
    const known = [...SHORTHANDS.keys()].join(', ');
    throw refusal(text, `"${text.trim()}" is not known. Known are ${known}`);
  }
  throw refusal(text, `it has ${fields.length} fields, and has to have 6, or 7 with the year`);
}

function parseCrontabLine(text: string, fields: readonly PlacedField[]): Expression {
  const expression = parseFields(text, [{ text: '0', at: 0 }, ...fields], 'unix');
  const [, , day, , weekday] = fields;
  // Crontab takes either of the two, and this dialect both: better to ask which is meant.
  if (isRestricted(day) && isRestricted(weekday)) {
    const means = 'a line of 5 fields cannot have both day-of-month and day-of-week';
    throw refusal(text, `${means}, put the second in front to have days that are both`);
  }
  return expression;
}

function isRestricted(field: PlacedField | undefined): boolean {
  return field !== undefined && field.text !== '*' && field.text !== '?';
}

function parseFields(text: string, fields: readonly PlacedField[], numbering: DayNumbering): Expression {
  const second = parsePlaced(text, fields[0], SECOND);
  const minute = parsePlaced(text, fields[1], MINUTE);
  const hour = parsePlaced(text, fields[2], HOUR);
  const dayOfMonth = parsePlaced(text, fields[3], DAY_OF_MONTH);
  const month = parsePlaced(text, fields[4], MONTH);
  const dayOfWeek = parsePlaced(text, fields[5], dayOfWeekRule(numbering));
  const year = parsePlaced(text, fields[6], YEAR);
  const weekdays = weekdaysOf(dayOfWeek, numbering);
  const times: WallTimes = {
    seconds: second.values,
    minutes: minute.values,
    hours: hour.values,
    daysOfMonth: dayOfMonth.values,
    months: month.values,
    daysOfWeek: weekdays.days,
    years: year.values,
  };
  return {
    times,
    canonical:
      `${second.canonical} ${minute.canonical} ${hour.canonical} ${dayOfMonth.canonical} ` +
      `${month.canonical} ${weekdays.canonical} ${year.canonical}`,
    numbering: dayOfWeek.hasNumbers ? numbering : undefined,
  };
}

/** A field that is not there says everything. */
function parsePlaced(text: string, field: PlacedField | undefined, rule: FieldRule): ParsedField {
  try {
    return parseField(field?.text ?? '*', rule);
  } catch (error) {
    if (!(error instanceof FieldProblem)) throw error;
    const column = (field?.at ?? text.length) + error.at + 1;
    throw refusal(text, `${rule.name}, column ${column}: ${error.reason}`);
  }
}

interface Weekdays {
  /** From 0, which is Sunday. */
  readonly days: readonly number[];
  /** As quartz has them, which is what the dialect is about. */
  readonly canonical: string;
}

/** Fields that are shared have theirs made once. */
const WEEKDAYS = new WeakMap<ParsedField, Weekdays>();

function weekdaysOf(field: ParsedField, numbering: DayNumbering): Weekdays {
  const known = WEEKDAYS.get(field);
  if (known !== undefined) return known;
  const sunday = numbering === 'quartz' ? 1 : 0;
  const days = [...new Set(field.values.map((day) => (day - sunday + 7) % 7))].sort((a, b) => a - b);
  const canonical = canonicalValues(
    days.map((day) => day + 1),
    7,
  );
  const weekdays = { days, canonical };
  WEEKDAYS.set(field, weekdays);
  return weekdays;
}

function refusal(text: string, reason: string): HandlerError {
  return cronError('invalid_expression', `expression ${JSON.stringify(text)}: ${reason}`);
}
