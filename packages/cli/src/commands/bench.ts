import { type Command, InvalidArgumentError } from 'commander';
import { type LoadFigures, runLoad } from '../bench/load.js';
import { EngineConnection } from '../engine/connection.js';
import { addConnectionOptions, type ConnectionOptions, DEFAULT_TIMEOUT_MS } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import type { CliIo } from '../io.js';
import { single } from '../single.js';
import { count } from '../text/quantity.js';
import { styleOf } from '../text/style.js';
import { type Column, formatTable } from '../text/table.js';
import type { CommandContext } from './context.js';

/** Listings know the connections of this command by these. */
const CALLER_NAME = 'iii-cli:bench';
const WORKER_NAME = 'iii-cli:bench-worker';
const DEFAULT_IN_FLIGHT: readonly number[] = [1, 16, 64];
const MOST_IN_FLIGHT = 5_000;
const DEFAULT_SECONDS = 3;
const DEFAULT_PAYLOAD_BYTES = 64;
const MOST_PAYLOAD_BYTES = 16 * 1024 * 1024;
const WARM_UP_MS = 500;

interface BenchOptions extends ConnectionOptions {
  readonly inFlight?: readonly number[];
  readonly seconds?: number;
  readonly payload?: number;
  readonly json?: true;
}

const DETAILS = `
A worker of this command offers a function and answers with what it is called with; another connection of this command
calls it through the engine. Both share one process with each other, and the machine with whatever else it does: what
is told is what you get from here, not what the engine could do. It loads the engine while it runs.

Examples:
  iii bench
  iii bench --in-flight 1,100,1000 --seconds 10
  iii bench --payload 65536 --url wss://engine.example.com --header "authorization: Bearer …"`;

/** `iii bench`: how fast calls through a running engine are, from where the command runs. */
export function addBenchCommand(program: Command, { io }: CommandContext): void {
  const command = program
    .command('bench')
    .allowExcessArguments(false)
    .summary('measure how fast calls through the engine are')
    .description('Calls a function of its own through a running engine, again and again, and tells how fast.')
    .option(
      '--in-flight <N,N>',
      `calls in flight at a time, one measurement each (default: ${DEFAULT_IN_FLIGHT.join(',')})`,
      single(readCounts),
    )
    .option(
      '--seconds <S>',
      `seconds each measurement takes (default: ${DEFAULT_SECONDS})`,
      single(wholeNumber(3_600)),
    )
    .option(
      '--payload <BYTES>',
      `size of payload and result (default: ${DEFAULT_PAYLOAD_BYTES})`,
      single(wholeNumber(MOST_PAYLOAD_BYTES)),
    )
    .option('--json', 'print the figures as one JSON object');
  addConnectionOptions(command)
    .addHelpText('after', DETAILS)
    .action((options: BenchOptions) => bench(options, io));
}

async function bench(options: BenchOptions, io: CliIo): Promise<void> {
  const {
    inFlight = DEFAULT_IN_FLIGHT,
    seconds = DEFAULT_SECONDS,
    payload = DEFAULT_PAYLOAD_BYTES,
  } = options;
  const { timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  const target = engineTarget(options, io.env);
  const worker = new EngineConnection(target, WORKER_NAME, JSON);
  const caller = new EngineConnection(target, CALLER_NAME, JSON);
  try {
    const functionId = `iii-bench::echo-${crypto.randomUUID()}`;
    await worker.offer(functionId, (data) => data, timeoutMs);
    const text = { text: '.'.repeat(Math.max(0, payload - JSON.stringify({ text: '' }).length)) };
    const figures = await caller.whileConnected((client) => {
      const call = () => client.trigger({ function_id: functionId, payload: text, timeoutMs });
      return measureAll(call, { inFlight, ms: seconds * 1_000 }, io);
    });
    if (options.json === true) {
      io.stdout(`${JSON.stringify({ address: target.place, payload_bytes: payload, figures }, null, 2)}\n`);
      return;
    }
    io.stdout(`${[...formatTable(COLUMNS, figures, styleOf(io, 'stdout'))].join('\n')}\n`);
  } finally {
    await Promise.all([worker.close(), caller.close()]);
  }
}

async function measureAll(
  call: () => Promise<unknown>,
  { inFlight, ms }: { readonly inFlight: readonly number[]; readonly ms: number },
  io: CliIo,
): Promise<LoadFigures[]> {
  const figures: LoadFigures[] = [];
  for (const each of inFlight) {
    await runLoad(call, { inFlight: each, ms: Math.min(WARM_UP_MS, ms) }, io.clock);
    figures.push(await runLoad(call, { inFlight: each, ms }, io.clock));
    if (io.isTerminal.stderr) io.stderr(`${each} in flight: done\n`);
  }
  return figures;
}

const milliseconds = (value: number) => `${value.toFixed(value < 10 ? 3 : 1)} ms`;

const COLUMNS: readonly Column<LoadFigures>[] = [
  { title: 'IN FLIGHT', value: (row) => count(row.in_flight), align: 'right' },
  { title: 'CALLS/S', value: (row) => count(row.per_second), align: 'right' },
  { title: 'P50', value: (row) => milliseconds(row.p50_ms), align: 'right' },
  { title: 'P90', value: (row) => milliseconds(row.p90_ms), align: 'right' },
  { title: 'P99', value: (row) => milliseconds(row.p99_ms), align: 'right' },
  { title: 'P99.9', value: (row) => milliseconds(row.p999_ms), align: 'right' },
];

function readCounts(text: string): readonly number[] {
  return text.split(',').map(wholeNumber(MOST_IN_FLIGHT));
}

function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`Expected a whole number from 1 to ${most}.`);
  };
}
