import type { Command } from 'commander';
import { EngineFunction, parseRaw, rawFromValue } from 'iii-protocol';
import { type EngineConnection, withEngine } from '../engine/connection.js';
import { DEFAULT_TIMEOUT_MS, type EngineOptions } from '../engine/options.js';
import { engineTarget } from '../engine/target.js';
import { CliError, RemoteError } from '../errors.js';
import type { CliIo } from '../io.js';
import { explain } from '../report.js';
import { singleLine } from '../text/remote-text.js';
import { type Style, styleOf } from '../text/style.js';
import { formatTable } from '../text/table.js';
import { MOST_PARAMETERS, type Parameter, parametersOf } from './parameters.js';

/** Somebody who asks for help is not kept waiting as long as somebody who calls a function. */
const LONGEST_WAIT_MS = 5_000;

/** What the engine tells about a function, as far as help goes. */
interface FunctionInfo {
  readonly description: string | undefined;
  readonly schema: unknown;
}

/**
 * Prints what the engine knows about a function (§1.4); when it cannot be asked, what this command knows by itself.
 *
 * @throws CliError when there is no such function.
 */
export async function printFunctionHelp(
  functionId: string,
  options: EngineOptions,
  command: Command,
  io: CliIo,
  workerName: string,
): Promise<void> {
  let info: FunctionInfo;
  try {
    const target = engineTarget(options, io.env);
    info = await withEngine(target, workerName, (engine) => askFor(functionId, options, engine));
  } catch (error) {
    if (error instanceof RemoteError && error.code === 'NOT_FOUND') {
      throw new CliError(
        'unknown_function',
        `there is no function ${singleLine(functionId)} (${singleLine(error.message)})`,
      );
    }
    const warning = styleOf(io, 'stderr').yellow('Warning:');
    io.stderr(
      `${warning} the parameters of ${singleLine(functionId)} are not known: ${singleLine(explain(error))}\n`,
    );
    command.outputHelp();
    return;
  }
  io.stdout(functionHelp(functionId, info, command, styleOf(io, 'stdout')));
}

async function askFor(
  functionId: string,
  { namespace, timeoutMs = DEFAULT_TIMEOUT_MS }: EngineOptions,
  engine: EngineConnection,
): Promise<FunctionInfo> {
  const answer = await engine.call({
    functionId: EngineFunction.FunctionInfo,
    payload: rawFromValue({ function_id: functionId, namespace }),
    timeoutMs: Math.min(timeoutMs, LONGEST_WAIT_MS),
  });
  const info = answer === undefined ? undefined : parseRaw(answer);
  const { description, request_schema, request_format } = (info ?? {}) as Record<string, unknown>;
  return {
    description: typeof description === 'string' && description.trim() !== '' ? description : undefined,
    schema: request_schema ?? request_format,
  };
}

function functionHelp(
  functionId: string,
  { description, schema }: FunctionInfo,
  command: Command,
  style: Style,
): string {
  const name = singleLine(functionId);
  const parameters = parametersOf(schema);
  const usage = ['iii trigger', name, ...requiredPairs(parameters), '[KV...] [options]'].join(' ');
  const sections = [
    [style.bold(name)],
    description === undefined ? [] : [singleLine(description)],
    [`${style.bold('Usage:')} ${usage}`],
    [style.bold('Parameters:'), ...parameterLines(schema, parameters, style).map((line) => `  ${line}`)],
    optionLines(command),
  ];
  const texts = sections.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'));
  return `${texts.join('\n\n').trimEnd()}\n`;
}

function requiredPairs(parameters: readonly Parameter[]): string[] {
  return parameters
    .filter(({ name, required }) => required && /^[\w-]+$/.test(name))
    .map(({ name, type }) => `${name}=<${singleLine(type)}>`);
}

function parameterLines(schema: unknown, parameters: readonly Parameter[], style: Style): string[] {
  if (schema === undefined || schema === null) return ['(no request schema published)'];
  if (parameters.length === 0) return ['(the request schema names no parameters)'];
  const table = formatTable(
    [
      { title: 'NAME', value: ({ name }) => name },
      { title: 'TYPE', value: ({ type }) => type },
      { title: 'REQUIRED', value: ({ required }) => (required ? 'yes' : 'no') },
      { title: 'DESCRIPTION', value: (parameter) => parameter.description },
    ],
    parameters,
    style,
  );
  return parameters.length < MOST_PARAMETERS ? table : [...table, '… and more'];
}

function optionLines(command: Command): string[] {
  const help = command.createHelp();
  help.prepareContext({ helpWidth: 100 });
  const termWidth = help.longestOptionTermLength(command, help);
  const items = help
    .visibleOptions(command)
    .map((option) =>
      help.formatItem(help.optionTerm(option), termWidth, help.optionDescription(option), help),
    );
  return help.formatItemList('Options:', items, help);
}
