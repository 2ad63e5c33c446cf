import type { Command } from 'commander';
import { rawFromValue, textOfRaw } from 'iii-protocol';
import { withEngine } from '../engine/connection.js';
import { addConnectionOptions, type ConnectionOptions, DEFAULT_TIMEOUT_MS } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import type { CliIo } from '../io.js';
import { amountOf, type Fields, fieldsOf, rowsOf, textOf } from '../status/fields.js';
import { bytes, count, counted, duration } from '../text/quantity.js';
import { escapedJson } from '../text/remote-text.js';
import { styleOf } from '../text/style.js';
import { type Column, formatTable } from '../text/table.js';
import type { CommandContext } from './context.js';

/** Listings know the connection of this command by it. */
const WORKER_NAME = 'iii-cli:channels';

interface ChannelsOptions extends ConnectionOptions {
  readonly json?: true;
}

const DETAILS = `
Each line is a channel that has not ended: who made it, whether its ends are there, what has gone through, how fast,
and what waits for the reader in memory and on disk.

Examples:
  iii channels
  watch -n 1 iii channels
  iii channels --json | jq '.channels[] | select(.bytes_per_second == 0)'`;

/** `iii channels`: what is moving between workers. */
export function addChannelsCommand(program: Command, { io }: CommandContext): void {
  const command = program
    .command('channels')
    .allowExcessArguments(false)
    .summary('list the channels between workers, and how far they are')
    .description('Lists the channels of a running engine that have not ended, oldest first.')
    .option('--json', 'print what engine::channels::list answers');
  addConnectionOptions(command)
    .addHelpText('after', DETAILS)
    .action((options: ChannelsOptions) => printChannels(options, io));
}

async function printChannels(options: ChannelsOptions, io: CliIo): Promise<void> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  const payload = rawFromValue({});
  const text = await withEngine(engineTarget(options, io.env), WORKER_NAME, async (engine) => {
    const result = await engine.call({ functionId: 'engine::channels::list', payload, timeoutMs });
    return result === undefined ? '{}' : textOfRaw(result);
  });
  if (options.json === true) {
    const pretty = JSON.stringify(JSON.parse(text), null, 2);
    io.stdout(`${io.isTerminal.stdout ? escapedJson(pretty) : pretty}\n`);
    return;
  }
  const rows = rowsOf(fieldsOf(JSON.parse(text)).channels);
  io.stdout(`${channelLines(rows, io).join('\n')}\n`);
}

const COLUMNS: readonly Column<Fields>[] = [
  { title: 'CHANNEL', value: (row) => textOf(row.channel_id) ?? '' },
  { title: 'MADE BY', value: (row) => textOf(row.owner_name) ?? textOf(row.owner) ?? '' },
  { title: 'ENDS', value: (row) => `${textOf(row.writer) ?? '?'} → ${textOf(row.reader) ?? '?'}` },
  { title: 'MOVED', value: (row) => bytes(amountOf(row.bytes) ?? 0) },
  { title: 'PER SECOND', value: (row) => bytes(amountOf(row.bytes_per_second) ?? 0) },
  { title: 'WAITING', value: waiting },
  { title: 'AGE', value: (row) => duration(amountOf(row.age_ms) ?? 0) },
];

function channelLines(rows: readonly Fields[], io: CliIo): string[] {
  if (rows.length === 0) return ['No channels: nothing is moving between workers now.'];
  const moving = rows.filter((row) => (amountOf(row.bytes_per_second) ?? 0) > 0).length;
  const total = rows.reduce((sum, row) => sum + (amountOf(row.bytes_per_second) ?? 0), 0);
  const progress = `${counted(rows.length, 'channel')}, ${count(moving)} moving, ${bytes(total)} per second in all`;
  return [...formatTable(COLUMNS, rows, styleOf(io, 'stdout')), '', progress];
}

function waiting(row: Fields): string {
  const spooled = amountOf(row.spooled_bytes) ?? 0;
  const memory = bytes(amountOf(row.buffered_bytes) ?? 0);
  return spooled === 0 ? memory : `${memory} + ${bytes(spooled)} on disk`;
}
