import type { FieldRule, ParsedField } from './fields.js';

/** Why a piece of a field cannot be, and where it begins in the field. */
export class FieldProblem extends Error {
  override readonly name = 'FieldProblem';

  constructor(
    readonly reason: string,
    readonly at: number,
  ) {
    super(reason);
  }
}

/** Texts of one kind of field that are kept; there are no more than 131 numbers in any. */
const MOST_KNOWN = 256;
const LONGEST_KNOWN = 32;

interface Item {
  /** Without white space. */
  readonly text: string;
  readonly at: number;
}

/**
 * Reads one field. Of the few texts that most fields are, each is read once; so what it returns is shared.
 *
 * @throws FieldProblem
 */
export function parseField(field: string, rule: FieldRule): ParsedField {
  const { known } = rule;
  const before = known.get(field);
  if (before !== undefined) return before;
  const parsed = readField(field, rule);
  if (field.length <= LONGEST_KNOWN) {
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(field, parsed);
  }
  return parsed;
}

/** The values of a field, of which there are `all`, as text. */
export function canonicalValues(values: readonly number[], all: number): string {
  return values.length === all ? '*' : values.join(',');
}

function readField(field: string, rule: FieldRule): ParsedField {
  const values = new Set<number>();
  let hasNumbers = false;
  for (const item of itemsOf(field)) {
    const range = parseItem(item, rule);
    hasNumbers ||= range.hasNumbers;
    for (let value = range.first; value <= range.last; value += range.step) values.add(value);
  }
  const ascending = [...values].sort((a, b) => a - b);
  return { values: ascending, canonical: canonicalValues(ascending, rule.max - rule.min + 1), hasNumbers };
}

function itemsOf(field: string): Item[] {
  let at = 0;
  return field.split(',').map((piece) => {
    const item = { text: piece.replaceAll(/\s+/g, ''), at: at + (piece.length - piece.trimStart().length) };
    at += piece.length + 1;
    if (item.text === '') throw new FieldProblem('a value is missing', item.at);
    return item;
  });
}

interface Range {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly hasNumbers: boolean;
}

function parseItem({ text, at }: Item, rule: FieldRule): Range {
  if (text === '0' && rule.zero !== undefined) {
    return { first: rule.zero, last: rule.zero, step: 1, hasNumbers: true };
  }
  const [base = '', step, ...more] = text.split('/');
  if (more.length > 0) throw new FieldProblem(`"${text}" has more than one step`, at);
  const by = step === undefined ? 1 : parseStep(step, rule, at + base.length + 1);
  if (base === '*' || base === '?') {
    if (base === '?' && !rule.hasQuestionMark) {
      throw new FieldProblem('"?" is for day-of-month and day-of-week only, write "*"', at);
    }
    return { first: rule.min, last: rule.max, step: by, hasNumbers: false };
  }
  const [from = '', to, ...rest] = base.split('-');
  if (rest.length > 0) throw new FieldProblem(`"${base}" is no range`, at);
  const first = parseValue(from, rule, at);
  if (to === undefined) {
    if (step === undefined)
      return { first: first.value, last: first.value, step: 1, hasNumbers: first.isNumber };
    if (!first.isNumber) throw new FieldProblem(`"${text}": a step goes with a number, a range or "*"`, at);
    return { first: first.value, last: rule.max, step: by, hasNumbers: true };
  }
  const last = parseValue(to, rule, at + from.length + 1);
  if (first.isNumber !== last.isNumber) {
    throw new FieldProblem(`"${base}" has a number on one side and a name on the other`, at);
  }
  if (first.value > last.value) {
    throw new FieldProblem(`"${base}" ends before it begins, write two ranges with a comma between`, at);
  }
  return { first: first.value, last: last.value, step: by, hasNumbers: first.isNumber };
}

function parseStep(text: string, rule: FieldRule, at: number): number {
  const step = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (step >= 1 && step <= rule.max) return step;
  throw new FieldProblem(`the step is "${text}", and has to be a number from 1 to ${rule.max}`, at);
}

interface Value {
  readonly value: number;
  readonly isNumber: boolean;
}

function parseValue(text: string, rule: FieldRule, at: number): Value {
  const named = rule.names.get(text.toLowerCase());
  if (named !== undefined) return { value: named, isNumber: false };
  const value = /^\d{1,4}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= rule.min && value <= rule.max) return { value, isNumber: true };
  throw new FieldProblem(`${whatIsWrong(text)}, and has to be ${expected(rule)}`, at);
}

function whatIsWrong(text: string): string {
  if (text === '') return 'a value is missing';
  if (/^(L|W|LW|\d+[LW]|L-\d+|H|.*#.*)$/i.test(text)) return `"${text}" is of another dialect`;
  return `the value is "${text}"`;
}

function expected({ min, max, names }: FieldRule): string {
  const numbers = `a number from ${min} to ${max}`;
  const [example] = names.keys();
  return example === undefined ? numbers : `${numbers} or a name such as ${example.toUpperCase()}`;
}
