import { count, duration } from '../text/quantity.js';
import type { Style } from '../text/style.js';
import { type Column, formatTable } from '../text/table.js';
import { amountOf, type Fields, textOf } from './fields.js';
import { isInProcess, type Snapshot } from './snapshot.js';

/** Longer names are cut: one worker must not push the columns of all others off the screen. */
const LONGEST_CELL = 40;

/** Workers by name, or with the busiest first, under a line of titles. */
export function workerTable(
  { engine, workers = [] }: Snapshot,
  order: 'by name' | 'busiest first',
  nowMs: number,
  style: Style,
): string[] {
  const rows = order === 'by name' ? [...workers] : [...workers].sort((a, b) => calls(b) - calls(a));
  return formatTable(columns(engineTime(engine) ?? nowMs), rows, style);
}

/** The clock of the engine, which need not be that of this machine. */
function engineTime({ started_at_ms, uptime_ms }: Fields): number | undefined {
  const [started, uptime] = [amountOf(started_at_ms), amountOf(uptime_ms)];
  return started === undefined || uptime === undefined ? undefined : started + uptime;
}

function columns(nowMs: number): Column<Fields>[] {
  return [
    { title: 'NAME', value: (row) => cut(nameOf(row)) },
    { title: 'NAMESPACE', value: ({ namespace }) => cut(textOf(namespace) ?? '') },
    {
      title: 'RUNTIME',
      value: (row) => (isInProcess(row) ? 'in process' : cut(textOf(row.runtime) ?? '')),
    },
    { title: 'FUNCTIONS', value: ({ function_count }) => amount(function_count), align: 'right' },
    { title: 'CALLS', value: ({ active_invocations }) => amount(active_invocations), align: 'right' },
    { title: 'CONNECTED FOR', value: ({ connected_at_ms }) => since(connected_at_ms, nowMs), align: 'right' },
    { title: 'ADDRESS', value: ({ ip_address }) => cut(textOf(ip_address) ?? '') },
  ];
}

/** Several workers of one type in the engine’s process are told apart by their instance. */
function nameOf(row: Fields): string {
  const [name, id] = [textOf(row.name), textOf(row.id)];
  if (name === undefined || id === undefined || id === name) return name ?? id ?? '';
  return isInProcess(row) ? `${name} (${id})` : name;
}

function calls({ active_invocations }: Fields): number {
  return amountOf(active_invocations) ?? 0;
}

function amount(value: unknown): string {
  const known = amountOf(value);
  return known === undefined ? '' : count(known);
}

function since(value: unknown, nowMs: number): string {
  const known = amountOf(value);
  return known === undefined ? '' : duration(nowMs - known);
}

function cut(text: string): string {
  const characters = [...text];
  return characters.length <= LONGEST_CELL ? text : `${characters.slice(0, LONGEST_CELL - 1).join('')}…`;
}
