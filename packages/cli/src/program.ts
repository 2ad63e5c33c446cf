import { Command, Option } from 'commander';
import { closest, distance } from 'fastest-levenshtein';
import { addBenchCommand } from './commands/bench.js';
import { addChannelsCommand } from './commands/channels.js';
import type { CommandContext } from './commands/context.js';
import { addCronCommand } from './commands/cron.js';
import { addDataCommand } from './commands/data.js';
import { addHelpCommand } from './commands/help.js';
import { addQueueCommand } from './commands/queue.js';
import { addStatusCommand } from './commands/status.js';
import { addTopCommand } from './commands/top.js';
import { addTriggerCommand } from './commands/trigger.js';
import { addUnavailableCommands } from './commands/unavailable.js';
import { DEFAULT_CONFIG, serveRequest } from './config-path.js';
import { ExitStatus } from './report.js';
import { single } from './single.js';
import { styleOf } from './text/style.js';

const HELP_WIDTH = 100;
/** Edits that turn what was written into what may have been meant. */
const FARTHEST_SLIP = 2;

const EXAMPLES = `
Examples:
  iii                                run the engine on ./config.yaml
  iii --config production.yaml       run it on another file
  iii trigger math::add a=2 b=3      call a function of the running engine
  iii status                         what the running engine is doing, and what it lacks
  iii help trigger                   what a command takes`;

const INSTEAD_OF_DEFAULT_CONFIG =
  "error: '--use-default-config' is gone: declare the workers you want in config.yaml, which `iii` creates when it is missing";

/** The grammar of the whole command (§1.1). `served` is told with which status the engine ended. */
export function createProgram(context: CommandContext, served: (status: number) => void): Command {
  const { io, host } = context;
  const program = new Command('iii')
    .description(
      'The iii engine: workers host functions, triggers cause them, the engine routes between them.',
    )
    .version(host.version, '-v, --version', 'print the version')
    .option('-c, --config <PATH>', `configuration of the engine (default: ${DEFAULT_CONFIG})`, single(String))
    .option('--no-update-check', 'accepted and ignored: this command never looks for updates')
    .addOption(new Option('--use-default-config').hideHelp())
    .helpOption('-h, --help', 'show this help')
    .helpCommand(false)
    .addHelpText('after', EXAMPLES)
    // Options before the name of a command are those of the engine, options after it belong to the command.
    .enablePositionalOptions()
    .passThroughOptions()
    .allowExcessArguments()
    .exitOverride();
  program.on('option:use-default-config', () => program.error(INSTEAD_OF_DEFAULT_CONFIG));
  adaptOutput(program, context);
  program.action(async ({ config }: { readonly config?: string }) => {
    const [word] = program.args;
    if (word !== undefined) unknownCommand(word, program);
    served(await host.serve(serveRequest(config, io.cwd)));
  });
  addTriggerCommand(program, context);
  addStatusCommand(program, context);
  addTopCommand(program, context);
  addChannelsCommand(program, context);
  addBenchCommand(program, context);
  addCronCommand(program, context);
  addDataCommand(program, context);
  addQueueCommand(program, context);
  addHelpCommand(program, unknownCommand);
  addUnavailableCommands(program);
  showUsageAfterErrors(program, program.name());
  return program;
}

function adaptOutput(program: Command, { io }: CommandContext): void {
  const out = styleOf(io, 'stdout');
  const err = styleOf(io, 'stderr');
  program
    .configureOutput({
      writeOut: io.stdout,
      writeErr: io.stderr,
      getOutHelpWidth: () => HELP_WIDTH,
      getErrHelpWidth: () => HELP_WIDTH,
      getOutHasColors: () => out.hasColour,
      getErrHasColors: () => err.hasColour,
      outputError: (text, write) => write(text.replace(/^error:/, err.red('error:'))),
    })
    .configureHelp({ styleTitle: out.bold });
}

function unknownCommand(word: string, under: Command): never {
  const names = under
    .createHelp()
    .visibleCommands(under)
    .map((command) => command.name());
  const near = names.length === 0 ? undefined : closest(word, names);
  const isMeant = near !== undefined && distance(word, near) <= FARTHEST_SLIP;
  const suggestion = isMeant ? `\n(Did you mean ${near}?)` : '';
  return under.error(`error: unknown command '${word}'${suggestion}`, { exitCode: ExitStatus.usage });
}

/** Only the line on how to use the command: the whole help would push the error off the screen. */
function showUsageAfterErrors(command: Command, words: string): void {
  const usage = command.createHelp().commandUsage(command);
  command.showHelpAfterError(`\nUsage: ${usage}\n\nFor more information, try \`${words} --help\`.`);
  for (const sub of command.commands) showUsageAfterErrors(sub, `${words} ${sub.name()}`);
}
