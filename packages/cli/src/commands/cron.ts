import type { Command } from 'commander';
import { rawFromValue, textOfRaw } from 'iii-protocol';
import { withEngine } from '../engine/connection.js';
import { addConnectionOptions, type ConnectionOptions, DEFAULT_TIMEOUT_MS } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import { CliError, RemoteError } from '../errors.js';
import type { CliIo } from '../io.js';
import { amountOf, type Fields, fieldsOf, rowsOf, textOf } from '../status/fields.js';
import { counted } from '../text/quantity.js';
import { escapedJson, singleLine } from '../text/remote-text.js';
import { styleOf } from '../text/style.js';
import { type Column, formatTable } from '../text/table.js';
import type { CommandContext } from './context.js';

/** Listings know the connection of this command by it. */
const WORKER_NAME = 'iii-cli:cron';
/** As many as cron::list lists at most. */
const MOST_JOBS = 10_000;

interface CronOptions extends ConnectionOptions {
  readonly json?: true;
  readonly function?: string;
}

const LIST_DETAILS = `
Times are in UTC. SKIPPED are occurrences that came while the one before was at work, FAILED those whose call failed;
a time behind LAST RUN in brackets is what came of it.

Examples:
  iii cron list
  iii cron list --function report::send
  iii cron list --json | jq '.jobs[] | {job_id, next}'`;

const ACTIONS = [
  {
    name: 'run-now',
    functionId: 'cron::run_now',
    summary: 'have a schedule at once, besides its times',
    done: 'has been started',
  },
  {
    name: 'pause',
    functionId: 'cron::pause',
    summary: 'have a schedule no more until it is resumed, also after a restart',
    done: 'is paused',
  },
  {
    name: 'resume',
    functionId: 'cron::resume',
    summary: 'have a paused schedule again from now on',
    done: 'is had again',
  },
] as const;

/** `iii cron`: what is scheduled, and when it is due. */
export function addCronCommand(program: Command, { io }: CommandContext): void {
  const cron = program
    .command('cron')
    .summary('list schedules, and run, pause or resume one')
    .description('What the schedules of a running engine are, and what can be done about them.')
    .helpCommand(false);
  const list = cron
    .command('list')
    .allowExcessArguments(false)
    .summary('list schedules and when they are due')
    .description('Lists schedules with their next occurrence.')
    .option('--function <ID>', 'only schedules that call this function')
    .option('--json', 'print what cron::list answers, with the next five occurrences of each');
  addConnectionOptions(list)
    .addHelpText('after', LIST_DETAILS)
    .action((options: CronOptions) => printSchedules(options, io));
  for (const { name, functionId, summary, done } of ACTIONS) {
    const command = cron
      .command(name)
      .allowExcessArguments(false)
      .summary(summary)
      .description(`Has the engine ${summary}.`)
      .argument('<JOB>', 'id of the schedule, or of its function where that has only one');
    addConnectionOptions(command).action(async (job: string, options: CronOptions) => {
      const answer = fieldsOf(JSON.parse(await ask(functionId, { job_id: job }, options, io)));
      io.stdout(`${singleLine(textOf(answer.job_id) ?? job)} ${done}\n`);
    });
  }
}

async function printSchedules(options: CronOptions, io: CliIo): Promise<void> {
  const only = options.function === undefined ? {} : { function_id: options.function };
  const text = await ask('cron::list', { limit: MOST_JOBS, ...only }, options, io);
  if (options.json === true) {
    const pretty = JSON.stringify(JSON.parse(text), null, 2);
    io.stdout(`${io.isTerminal.stdout ? escapedJson(pretty) : pretty}\n`);
    return;
  }
  const answer = fieldsOf(JSON.parse(text));
  const rows = rowsOf(answer.jobs);
  if (rows.length === 0) {
    io.stdout('No schedules: no trigger of type cron is bound.\n');
    return;
  }
  const total = amountOf(answer.total) ?? rows.length;
  const lines = [...formatTable(COLUMNS, rows, styleOf(io, 'stdout')), '', counted(total, 'schedule')];
  io.stdout(`${lines.join('\n')}\n`);
}

/** The answer as JSON text. An engine without the worker is told apart from one without the schedule. */
async function ask(functionId: string, payload: object, options: CronOptions, io: CliIo): Promise<string> {
  const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
  return withEngine(engineTarget(options, io.env), WORKER_NAME, async (engine) => {
    try {
      const result = await engine.call({ functionId, payload: rawFromValue(payload), timeoutMs });
      return result === undefined ? '{}' : textOfRaw(result);
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      if (error.code === 'function_not_found') {
        throw new CliError('worker_missing', 'this engine has no iii-cron');
      }
      // Where in the worker it was found out is of no use to whoever wrote the command.
      throw new RemoteError(error.code, error.message, undefined);
    }
  });
}

const COLUMNS: readonly Column<Fields>[] = [
  { title: 'JOB', value: (row) => textOf(row.job_id) ?? '' },
  { title: 'FUNCTION', value: (row) => textOf(row.function_id) ?? '' },
  { title: 'EXPRESSION', value: (row) => textOf(row.expression) ?? '' },
  { title: 'ZONE', value: (row) => textOf(row.timezone) ?? '' },
  { title: 'STATE', value: (row) => textOf(row.state) ?? '' },
  { title: 'NEXT', value: (row) => shortTime((Array.isArray(row.next) ? row.next : [])[0]) },
  { title: 'LAST RUN', value: lastRun },
  { title: 'SKIPPED', align: 'right', value: (row) => `${amountOf(row.skipped) ?? 0}` },
  { title: 'FAILED', align: 'right', value: (row) => `${amountOf(row.failed) ?? 0}` },
];

function lastRun(row: Fields): string {
  const { started_at: startedAt, outcome } = fieldsOf(row.last_run);
  const time = shortTime(startedAt);
  return time === '-' ? time : `${time} (${textOf(outcome) ?? '?'})`;
}

/** `2026-01-01 02:00:00` */
function shortTime(value: unknown): string {
  return textOf(value)?.slice(0, 19).replace('T', ' ') ?? '-';
}
