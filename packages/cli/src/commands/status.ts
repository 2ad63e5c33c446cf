import type { Command } from 'commander';
import { withEngine } from '../engine/connection.js';
import { addConnectionOptions, type ConnectionOptions, DEFAULT_TIMEOUT_MS } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import type { CliIo } from '../io.js';
import { attentionLines } from '../status/attention.js';
import { readSnapshot, type Snapshot } from '../status/snapshot.js';
import { headline, summaryLines } from '../status/summary.js';
import { workerTable } from '../status/worker-table.js';
import { escapedJson } from '../text/remote-text.js';
import { styleOf } from '../text/style.js';
import type { CommandContext } from './context.js';

/** Listings know the connection of this command by it. */
const WORKER_NAME = 'iii-cli:status';

interface StatusOptions extends ConnectionOptions {
  readonly json?: true;
}

const DETAILS = `
Members of the JSON object:
  address    where the engine was found
  engine     what engine::status answers; of an engine without it, what its listings tell
  workers    rows of engine::workers::list, without commands like this one; null when it does not tell
  waiting    triggers that fire nothing for now: id, trigger_type, function_id, namespace,
             reason (no_provider or not_accepted), usual_provider

Examples:
  iii status
  iii status --url wss://engine.example.com --header "authorization: Bearer …"
  iii status --json | jq .engine.invocations`;

/** `iii status`: one screen about a running engine. */
export function addStatusCommand(program: Command, { io }: CommandContext): void {
  const command = program
    .command('status')
    .allowExcessArguments(false)
    .summary('show how the engine is doing, and what needs attention')
    .description(
      'Shows what a running engine is doing: its workers, functions, triggers and calls, and triggers that wait for a worker that is missing.',
    )
    .option('--json', 'print the data as one JSON object');
  addConnectionOptions(command)
    .addHelpText('after', DETAILS)
    .action(async (options: StatusOptions) => {
      const target = engineTarget(options, io.env);
      const snapshot = await withEngine(target, WORKER_NAME, (engine) =>
        readSnapshot(engine, options.timeoutMs ?? DEFAULT_TIMEOUT_MS),
      );
      io.stdout(
        options.json === true
          ? jsonOf(snapshot, target.place, io)
          : statusScreen(snapshot, target.place, io.clock.now(), io),
      );
    });
}

function jsonOf({ engine, workers, waiting }: Snapshot, address: string, io: CliIo): string {
  const text = JSON.stringify({ address, engine, workers: workers ?? null, waiting }, null, 2);
  return `${io.isTerminal.stdout ? escapedJson(text) : text}\n`;
}

/** @param nowMs wall time, for engines that do not tell theirs. */
export function statusScreen(snapshot: Snapshot, place: string, nowMs: number, io: CliIo): string {
  const style = styleOf(io, 'stdout');
  const attention = attentionLines(snapshot.waiting);
  const sections = [
    [headline(snapshot, place, style)],
    summaryLines(snapshot),
    snapshot.workers === undefined
      ? ['The engine does not tell this command about its workers.']
      : workerTable(snapshot, 'by name', nowMs, style),
    attention.length === 0 ? [] : [style.yellow('Needs attention'), ...attention.map((line) => `  ${line}`)],
  ];
  const texts = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${texts.join('\n\n')}\n`;
}
