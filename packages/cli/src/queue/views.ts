import type { CliIo } from '../io.js';
import { amountOf, type Fields, fieldsOf, rowsOf, textOf } from '../status/fields.js';
import { bytes, count, counted, duration } from '../text/quantity.js';
import { singleLine } from '../text/remote-text.js';
import { styleOf } from '../text/style.js';
import { type Column, formatTable } from '../text/table.js';

const number = (name: string) => (row: Fields) => count(amountOf(row[name]) ?? 0);

const QUEUES: readonly Column<Fields>[] = [
  { title: 'QUEUE', value: (row) => cut(textOf(row.name) ?? '', LONGEST_NAME) },
  { title: 'STATE', value: (row) => textOf(row.state) ?? '' },
  { title: 'WAITING', value: number('waiting'), align: 'right' },
  { title: 'DELAYED', value: number('delayed'), align: 'right' },
  { title: 'AT WORK', value: number('in_flight'), align: 'right' },
  { title: 'DEAD', value: number('dlq_depth'), align: 'right' },
  { title: 'DONE', value: number('delivered'), align: 'right' },
  { title: 'OLDEST', value: (row) => age(row.oldest_age_ms) },
];

/** The table of `iii queue list`, from the answer of `iii::queue::stats`. */
export function queueLines(answer: unknown, io: CliIo): string[] {
  const { adapter, queues } = fieldsOf(answer);
  const rows = rowsOf(queues);
  const { name, durability, bytes: used } = fieldsOf(adapter);
  const dead = rows.reduce((sum, row) => sum + (amountOf(row.dlq_depth) ?? 0), 0);
  const store = `${textOf(name) ?? 'unknown'} store (${textOf(durability) ?? '?'}), ${bytes(amountOf(used) ?? 0)}`;
  const letters = dead === 0 ? '' : `, ${counted(dead, 'dead letter')}: see \`iii queue dlq list\``;
  return [
    ...formatTable(QUEUES, rows, styleOf(io, 'stdout')),
    '',
    singleLine(`${counted(rows.length, 'queue')} in the ${store}${letters}`),
  ];
}

/** What `iii queue stats` tells of one queue, from the answer of `engine::queue::topic_stats`. */
export function statsLines(name: string, answer: unknown, io: CliIo): string[] {
  const fields = fieldsOf(answer);
  const style = styleOf(io, 'stdout');
  const rows: ReadonlyArray<readonly [string, string]> = [
    ['waiting', number('waiting')(fields)],
    ['delayed', number('delayed')(fields)],
    ['at work', number('in_flight')(fields)],
    ['dead letters', number('dlq_depth')(fields)],
    ['done so far', number('delivered')(fields)],
    ['given up so far', number('failed')(fields)],
    ['consumers', number('consumer_count')(fields)],
    ['oldest', age(fields.oldest_age_ms)],
  ];
  return [style.bold(singleLine(name)), ...rows.map(([title, value]) => `  ${title.padEnd(16)}${value}`)];
}

const TOPICS: readonly Column<Fields>[] = [
  { title: 'QUEUE', value: (row) => textOf(row.topic) ?? '' },
  { title: 'DEAD', value: number('message_count'), align: 'right' },
];

/** The table of `iii queue dlq list` without a queue. */
export function deadTopicLines(answer: unknown, io: CliIo): string[] {
  const rows = rowsOf(answer);
  if (rows.length === 0) return ['No dead letters.'];
  return formatTable(TOPICS, rows, styleOf(io, 'stdout'));
}

const LETTERS: readonly Column<Fields>[] = [
  { title: 'ID', value: (row) => textOf(row.id) ?? '' },
  { title: 'FUNCTION', value: (row) => textOf(row.function_id) ?? '' },
  { title: 'FAILED AT', value: (row) => time(row.failed_at_ms) },
  { title: 'ATTEMPTS', value: number('retries'), align: 'right' },
  { title: 'ERROR', value: (row) => cut(textOf(row.error) ?? '') },
];

/** The table of `iii queue dlq list <queue>`. */
export function letterLines(answer: unknown, io: CliIo): string[] {
  const rows = rowsOf(answer);
  if (rows.length === 0) return ['No dead letters.'];
  return formatTable(LETTERS, rows, styleOf(io, 'stdout'));
}

/** One line of `iii queue tail`. */
export function eventLine(event: unknown): string {
  const fields = fieldsOf(event);
  const { code, message } = fieldsOf(fields.error);
  const attempt = amountOf(fields.attempt);
  const percent = amountOf(fields.percent);
  const parts = [
    time(fields.at_ms),
    (textOf(fields.event) ?? '').padEnd(13),
    textOf(fields.queue) ?? '',
    textOf(fields.function_id) ?? '',
    textOf(fields.message_id) ?? '',
    attempt === undefined || attempt === 0 ? '' : `attempt ${attempt}`,
    percent === undefined ? '' : `${percent}%`,
    textOf(fields.note) ?? '',
    typeof code === 'string' ? `${code}: ${cut(textOf(message) ?? '')}` : '',
  ];
  return parts
    .map((part, at) => (at === 1 ? part : singleLine(part)))
    .filter((part) => part !== '')
    .join('  ');
}

function age(value: unknown): string {
  const ms = amountOf(value);
  return ms === undefined ? '-' : duration(ms);
}

function time(value: unknown): string {
  const ms = amountOf(value);
  return ms === undefined || ms > 8.64e15 ? '-' : new Date(ms).toISOString();
}

const LONGEST_ERROR = 60;
/** One long name must not push everything else off the screen; --json has it whole. */
const LONGEST_NAME = 80;

function cut(text: string, longest = LONGEST_ERROR): string {
  const characters = [...singleLine(text)];
  return characters.length <= longest ? characters.join('') : `${characters.slice(0, longest).join('')}…`;
}
