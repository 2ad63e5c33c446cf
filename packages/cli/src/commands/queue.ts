import type { Command } from 'commander';
import { addConnectionOptions } from '../engine/options.js';
import { CliError } from '../errors.js';
import { askQueue, printJson, printLines, type QueueOptions } from '../queue/queue-client.js';
import { tailQueue } from '../queue/tail.js';
import { deadTopicLines, letterLines, queueLines, statsLines } from '../queue/views.js';
import { fieldsOf, rowsOf } from '../status/fields.js';
import { counted } from '../text/quantity.js';
import { singleLine } from '../text/remote-text.js';
import type { CommandContext } from './context.js';

const DETAILS = `
A queue is named as in queue_configs, or as its topic; queue:<name> and topic:<name> tell the two apart.

Examples:
  iii queue list
  iii queue tail orders
  iii queue dlq list orders
  iii queue dlq redrive orders 7e1b0c6a-…
  iii queue pause orders && iii queue resume orders
  iii queue list --json | jq '.queues[] | select(.waiting > 1000)'`;

/** `iii queue`: what waits, what is dead, and what is done about it. */
export function addQueueCommand(program: Command, { io }: CommandContext): void {
  const queue = program
    .command('queue')
    .summary('look at queues and dead letters, and change what becomes of them')
    .description('Looks at the queues of a running engine, and changes what becomes of their jobs.')
    .helpCommand(false)
    .addHelpText('after', DETAILS);
  leaf(queue, 'list', 'list queues and subscribers of topics').action(async (options: QueueOptions) => {
    const answer = await askQueue('iii::queue::stats', {}, options, io);
    if (options.json) printJson(answer, io);
    else printLines(queueLines(answer, io), io);
  });
  leaf(queue, 'stats <QUEUE>', 'tell what a queue or topic holds').action(
    async (name: string, options: QueueOptions) => {
      const answer = await askQueue('engine::queue::topic_stats', { topic: name }, options, io, name);
      if (options.json) printJson(answer, io);
      else printLines(statsLines(name, answer, io), io);
    },
  );
  for (const word of ['pause', 'resume'] as const) {
    const summary = word === 'pause' ? 'start no more jobs of a queue or topic' : 'start jobs again';
    leaf(queue, `${word} <QUEUE>`, summary).action(async (name: string, options: QueueOptions) => {
      const answer = await askQueue(`iii::queue::${word}`, { queue: name }, options, io, name);
      if (options.json) printJson(answer, io);
      else printLines([`${singleLine(name)} ${word === 'pause' ? 'is paused' : 'goes on'}`], io);
    });
  }
  leaf(queue, 'tail [QUEUE]', 'print what happens to jobs as it happens, until it is told to stop')
    .option('--events <LIST>', 'only these, as in enqueued,retried,dead_lettered')
    .action((name: string | undefined, options: QueueOptions & { readonly events?: string }) =>
      tailQueue(name, options, io),
    );
  addDeadLetterCommands(queue, { io });
}

function addDeadLetterCommands(queue: Command, { io }: Pick<CommandContext, 'io'>): void {
  const dlq = queue
    .command('dlq')
    .summary('look at dead letters, put them back, drop them')
    .description('Looks at jobs that have been given up, puts them back, or drops them.')
    .helpCommand(false);
  leaf(dlq, 'list [QUEUE]', 'list queues with dead letters, or those of one queue').action(
    async (name: string | undefined, options: QueueOptions) => {
      if (name === undefined) {
        const answer = await askQueue('engine::queue::dlq_topics', {}, options, io);
        if (options.json) printJson(answer, io);
        else printLines(deadTopicLines(answer, io), io);
        return;
      }
      const answer = await askQueue(
        'engine::queue::dlq_messages',
        { topic: name, limit: 1_000 },
        options,
        io,
        name,
      );
      if (options.json) printJson(answer, io);
      else printLines(letterLines(answer, io), io);
    },
  );
  leaf(dlq, 'show <QUEUE> <ID>', 'print one dead letter with every error, as JSON').action(
    async (name: string, id: string, options: QueueOptions) => {
      const found = await findLetter(name, id, options, io);
      if (found === undefined) throw new CliError('no_dead_letter', `${name} has no dead letter ${id}`);
      printJson(found, io);
    },
  );
  for (const word of ['redrive', 'discard'] as const) {
    const done = word === 'redrive' ? 'put back' : 'discarded';
    leaf(
      dlq,
      `${word} <QUEUE> [ID]`,
      word === 'redrive' ? 'put dead letters back' : 'drop dead letters',
    ).action(async (name: string, id: string | undefined, options: QueueOptions) => {
      const answer =
        id === undefined
          ? await askQueue(`iii::queue::${word}`, { queue: name }, options, io, name)
          : await askQueue(`iii::queue::${word}_message`, { queue: name, message_id: id }, options, io);
      const { redriven, discarded = redriven } = fieldsOf(answer);
      if (id !== undefined && discarded === 0) {
        throw new CliError('no_dead_letter', `${name} has no dead letter ${id}`);
      }
      if (options.json) printJson(answer, io);
      else printLines([`${counted(Number(discarded ?? 0), 'dead letter')} ${done}`], io);
    });
  }
}

const PAGE = 1_000;

/** Looks through all pages. */
async function findLetter(
  topic: string,
  id: string,
  options: QueueOptions,
  io: CommandContext['io'],
): Promise<unknown> {
  for (let offset = 0; ; offset += PAGE) {
    const page = rowsOf(
      await askQueue('engine::queue::dlq_messages', { topic, offset, limit: PAGE }, options, io),
    );
    const found = page.find((row) => row.id === id);
    if (found !== undefined || page.length < PAGE) return found;
  }
}

function leaf(parent: Command, usage: string, summary: string): Command {
  const command = parent
    .command(usage)
    .allowExcessArguments(false)
    .summary(summary)
    .description(`${summary[0]?.toUpperCase()}${summary.slice(1)}.`)
    .option('--json', 'print the answer as JSON');
  return addConnectionOptions(command);
}
