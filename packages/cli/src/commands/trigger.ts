import type { Command } from 'commander';
import { isRawNull, textOfRaw } from 'iii-protocol';
import { withEngine } from '../engine/connection.js';
import { addEngineOptions, DEFAULT_TIMEOUT_MS, type EngineOptions } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import { CliError } from '../errors.js';
import type { CliIo } from '../io.js';
import { single } from '../single.js';
import { prettyJson } from '../text/pretty-json.js';
import { escapedJson } from '../text/remote-text.js';
import { printFunctionHelp } from '../trigger/function-help.js';
import { readPayload } from '../trigger/payload.js';
import type { CommandContext } from './context.js';

/** Listings know the connection of this command by it. */
const WORKER_NAME = 'iii-cli:trigger';

interface TriggerOptions extends EngineOptions {
  readonly json?: string;
  readonly help?: true;
}

const EXAMPLES = `
Payload:
  a=10          a JSON value: number, true, null, '"text"', '[1,2]', '{"x":1}'
  a=hello       anything else is text
  --json JSON   the whole payload; pairs beside it replace members of that name
  --            what follows is pairs, even if it looks like an option

Examples:
  iii trigger math::add a=2 b=3
  iii trigger orders::create --json '{"sku":"A-1","tags":["new"]}' express=true
  iii trigger math::add --help
  iii trigger engine::functions::list --url wss://engine.example.com --header "authorization: Bearer …"`;

const TIP = `
Tip: with a FUNCTION_PATH, --help asks the running engine which parameters that function takes.
`;

/** `iii trigger`: one call of one function (§1.3). */
export function addTriggerCommand(program: Command, { io }: CommandContext): void {
  const command = program
    .command('trigger')
    .alias('t')
    .summary('call a function and print its result')
    .description(
      'Calls a function of a running engine and prints its result as JSON on stdout. Errors go to stderr, with status 1.',
    )
    .argument('[FUNCTION_PATH]', 'id of the function, such as math::add')
    .argument('[KV...]', 'members of the payload, as key=value')
    .option('--json <JSON>', 'payload, any JSON value (default: {})', single(String));
  addEngineOptions(command)
    .helpOption(false)
    .option('-h, --help', 'show this help, or that of the function when one is named')
    .addHelpText('after', EXAMPLES)
    .action(async (functionId: string | undefined, pairs: string[], options: TriggerOptions) => {
      const isNamed = functionId !== undefined && functionId.trim() !== '';
      if (options.help === true) {
        if (isNamed) return printFunctionHelp(functionId, options, command, io, WORKER_NAME);
        command.outputHelp();
        io.stdout(TIP);
        return;
      }
      if (!isNamed) throw new CliError('missing_function_path', 'iii trigger: missing FUNCTION_PATH');
      return printResult(functionId, pairs, options, io);
    });
}

async function printResult(
  functionId: string,
  pairs: readonly string[],
  options: TriggerOptions,
  io: CliIo,
): Promise<void> {
  const payload = readPayload(pairs, options.json);
  const { namespace, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  await withEngine(engineTarget(options, io.env), WORKER_NAME, async (engine) => {
    const result = await engine.call({ functionId, payload, namespace, timeoutMs });
    if (result === undefined || isRawNull(result)) return;
    const text = prettyJson(textOfRaw(result));
    io.stdout(`${io.isTerminal.stdout ? escapedJson(text) : text}\n`);
  });
}
