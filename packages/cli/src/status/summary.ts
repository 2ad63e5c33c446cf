import { bytes, count, counted, duration, rate } from '../text/quantity.js';
import { singleLine } from '../text/remote-text.js';
import type { Style } from '../text/style.js';
import { amountOf, type Fields, fieldsOf, rowsOf, textOf } from './fields.js';
import type { Rates } from './rates.js';
import { headcount, type Snapshot } from './snapshot.js';

const LABEL_WIDTH = 13;
/** What stands for a number the engine does not tell. */
const UNKNOWN = '–';

/** Which engine this is: `iii 0.1.0 at localhost:49134, up 3h 12m, driver uws`. */
export function headline({ engine }: Snapshot, place: string, style: Style): string {
  const version = textOf(engine.version);
  const uptime = amountOf(engine.uptime_ms);
  const drivers = new Set(rowsOf(engine.listeners).flatMap(({ driver }) => textOf(driver) ?? []));
  const parts = [
    `${style.bold(singleLine(version === undefined ? 'iii' : `iii ${version}`))} at ${place}`,
    ...(uptime === undefined ? [] : [`up ${duration(uptime)}`]),
    ...(drivers.size === 0 ? [] : [singleLine(`driver ${[...drivers].join(' and ')}`)]),
  ];
  return parts.join(', ');
}

/** The engine in a handful of lines; what it does not tell is left out. */
export function summaryLines(snapshot: Snapshot, rates?: Rates): string[] {
  const { engine } = snapshot;
  const lines: ReadonlyArray<readonly [string, string | undefined]> = [
    ['Ports', ports(engine)],
    ['Workers', workers(snapshot)],
    ['Functions', functions(engine)],
    ['Triggers', triggers(engine)],
    ['Calls', calls(engine, rates)],
    ['Channels', channels(engine)],
    ['To be sent', optional(engine.outbox_bytes, bytes)],
    ['Memory', memory(engine)],
    ['Event loop', optional(engine.event_loop_lag_ms, (ms) => `held up ${count(ms)} ms at most`)],
  ];
  return lines.flatMap(([label, text]) =>
    text === undefined ? [] : [`${label.padEnd(LABEL_WIDTH)}${singleLine(text)}`],
  );
}

/** Only worth a line when there are several. */
function ports({ listeners }: Fields): string | undefined {
  const rows = rowsOf(listeners);
  if (rows.length < 2) return undefined;
  return rows
    .map(({ address, driver }) => `${textOf(address) ?? UNKNOWN} (${textOf(driver) ?? UNKNOWN})`)
    .join(', ');
}

function workers({ engine, workers: rows }: Snapshot): string | undefined {
  const { connected, in_process } = rows === undefined ? fieldsOf(engine.workers) : headcount(rows);
  if (amountOf(connected) === undefined) return undefined;
  return `${amount(connected)} connected, ${amount(in_process)} in process`;
}

function functions(engine: Fields): string | undefined {
  if (amountOf(engine.functions) === undefined) return undefined;
  const mode = textOf(engine.replicas_mode);
  return mode === undefined ? amount(engine.functions) : `${amount(engine.functions)} (replicas ${mode})`;
}

function triggers(engine: Fields): string | undefined {
  const { live, pending } = fieldsOf(engine.triggers);
  if (amountOf(live) === undefined) return undefined;
  const types = optional(engine.trigger_types, (many) => ` (${counted(many, 'type')} served)`);
  return `${amount(live)} live, ${amount(pending)} waiting${types ?? ''}`;
}

function calls(engine: Fields, rates: Rates | undefined): string | undefined {
  const { in_flight, total, failed } = fieldsOf(engine.invocations);
  if (amountOf(total) === undefined) return undefined;
  const pace = rates === undefined ? '' : `, ${rate(rates.calls)}/s, ${rate(rates.failed)} failed/s`;
  return `${amount(in_flight)} running${pace}; ${amount(total)} since the start, ${amount(failed)} failed`;
}

/** Only worth a line when there are any. */
function channels(engine: Fields): string | undefined {
  const { channels: open, memory_bytes, spool_bytes } = fieldsOf(engine.channels);
  if ((amountOf(open) ?? 0) === 0) return undefined;
  const memory = optional(memory_bytes, bytes) ?? UNKNOWN;
  const spooled = (amountOf(spool_bytes) ?? 0) === 0 ? '' : `, ${bytes(amountOf(spool_bytes) ?? 0)} on disk`;
  return `${amount(open)} open (${memory} of memory set aside${spooled})`;
}

function memory(engine: Fields): string | undefined {
  const { rss_bytes, heap_used_bytes } = fieldsOf(engine.memory);
  const heap = optional(heap_used_bytes, (many) => ` (heap ${bytes(many)})`);
  return optional(rss_bytes, (many) => `${bytes(many)}${heap ?? ''}`);
}

function optional(value: unknown, words: (amount: number) => string): string | undefined {
  const known = amountOf(value);
  return known === undefined ? undefined : words(known);
}

function amount(value: unknown): string {
  return optional(value, count) ?? UNKNOWN;
}
