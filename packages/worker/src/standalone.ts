import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command, CommanderError, Option } from 'commander';
import { type Log, systemClock } from 'iii-protocol';
import { type TObject, type TSchema, Type } from 'iii-protocol/schema';
import { type IIIClient, registerWorker } from 'iii-sdk';
import { parse as parseYaml } from 'yaml';
import { ConfigError, readConfig } from './config.js';
import { dataStores } from './data-stores.js';
import type { WorkerDefinition } from './definition.js';
import { failureText } from './failure-text.js';
import { createLog } from './log.js';
import { runUntilSignal, type Stoppable } from './process-life.js';

/** What a standalone worker is told on its command line. */
interface StandaloneOptions {
  readonly url: string | undefined;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly dataDirectory: string;
  readonly config: unknown;
}

/** A worker in a process of its own, connected. */
export interface StandaloneWorker extends Stoppable {
  readonly iii: IIIClient;
}

/** Milliseconds a worker may take to finish what it has, before it is told to stop at once. */
const STOP_AT_ONCE_AFTER_MS = 8_000;

/**
 * Runs a worker as a process of its own: reads the command line, connects, serves until SIGINT or SIGTERM.
 *
 * @returns the exit status: 0 after a signal, 1 when it could not start, 2 when the command line is wrong.
 *
 * @example process.exitCode = await runStandalone(httpWorker, process.argv.slice(2));
 */
export async function runStandalone<Schema extends TObject>(
  definition: WorkerDefinition<Schema>,
  args: readonly string[],
): Promise<number> {
  const log = createLog();
  let options: StandaloneOptions;
  try {
    options = readArguments(definition, args);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`Error: ${(error as Error).message}\n`);
    return 1;
  }
  try {
    const worker = await startStandalone(definition, options, log);
    return await runUntilSignal(worker, { log });
  } catch (error) {
    process.stderr.write(`Error: ${failureText(error)}\n`);
    return 1;
  }
}

async function startStandalone<Schema extends TObject>(
  definition: WorkerDefinition<Schema>,
  options: StandaloneOptions,
  log: Log,
): Promise<StandaloneWorker> {
  const config = readConfig(options.name, definition.config, options.config);
  const iii = registerWorker(options.url, {
    workerName: options.name,
    workerDescription: definition.description,
    ...(options.namespace === undefined ? {} : { namespace: options.namespace }),
  });
  const abort = new AbortController();
  const storage = dataStores({
    directory: options.dataDirectory,
    owner: definition.name,
    opened: (directory) => log.info({}, `data in ${directory}`),
    warn: (message) => log.warn({}, message),
  });
  try {
    const running = await definition.start({
      iii,
      config,
      name: options.name,
      storage,
      logger: log,
      clock: systemClock,
      signal: abort.signal,
    });
    log.info({}, `${definition.name} ${definition.version} connects to ${iii.getAddress()}`);
    for (const { purpose, address, driver } of running.endpoints ?? []) {
      log.info({}, `${purpose} on ${address} (driver ${driver})`);
    }
    return {
      iii,
      stop: async () => {
        const timer = setTimeout(() => abort.abort(), STOP_AT_ONCE_AFTER_MS);
        await running.stop().finally(() => clearTimeout(timer));
        await iii.shutdown();
        await storage.close();
      },
    };
  } catch (error) {
    await iii.shutdown();
    await storage.close();
    throw error;
  }
}

/** @throws CommanderError after having printed what is wrong, or the help that was asked for. */
function readArguments<Schema extends TObject>(
  definition: WorkerDefinition<Schema>,
  args: readonly string[],
): StandaloneOptions {
  const fields = scalarFields(definition.config);
  const command = new Command(definition.name)
    .description(definition.description)
    .version(definition.version, '-v, --version', 'print the version')
    .option('--url <url>', 'engine to connect to (default: III_URL, else ws://127.0.0.1:49134)')
    .option('--name <name>', 'name in listings', definition.name)
    .option('--namespace <namespace>', 'namespace to register in')
    .option('--data-dir <directory>', 'where it keeps its data', path.join('data', definition.name))
    .option('--config <file>', 'YAML or JSON file with the configuration')
    .addHelpText(
      'after',
      `\nExample:\n  npx ${definition.name} --url ws://127.0.0.1:49134${example(fields)}\n`,
    )
    .showHelpAfterError()
    .exitOverride();
  for (const { name, schema } of fields) command.addOption(fieldOption(name, schema));
  command.parse([...args], { from: 'user' });
  const values = command.opts<Record<string, unknown>>();
  const given = fields.filter(({ name }) => values[camelCase(name)] !== undefined);
  return {
    url: values.url as string | undefined,
    name: values.name as string,
    namespace: values.namespace as string | undefined,
    dataDirectory: path.resolve(values.dataDir as string),
    config: {
      ...readConfigFile(values.config as string | undefined),
      ...Object.fromEntries(given.map(({ name }) => [name, values[camelCase(name)]])),
    },
  };
}

function readConfigFile(file: string | undefined): object {
  if (file === undefined) return {};
  const parsed: unknown = parseYaml(readFileSync(file, 'utf8'));
  if (parsed === null) return {};
  if (typeof parsed === 'object' && !Array.isArray(parsed)) return parsed;
  throw new ConfigError(file, [{ path: [], message: 'expected a mapping' }]);
}

interface Field {
  readonly name: string;
  readonly schema: TSchema;
}

/** Members of the configuration that fit on a command line. */
function scalarFields(schema: TObject): Field[] {
  return Object.entries(schema.properties)
    .filter(([, member]) => ['string', 'integer', 'number', 'boolean'].includes(String(member.type)))
    .map(([name, member]) => ({ name, schema: member }));
}

function fieldOption(name: string, schema: TSchema): Option {
  const flag = name.replaceAll('_', '-');
  const text = [
    schema.description,
    schema.default === undefined ? '' : `(default: ${String(schema.default)})`,
  ];
  const isSwitch = schema.type === 'boolean';
  const option = new Option(`--${flag}${isSwitch ? '' : ' <value>'}`, text.filter(Boolean).join(' '));
  return schema.type === 'integer' || schema.type === 'number' ? option.argParser(toNumber) : option;
}

/** A number where it is one; what is not stays text, and the schema says what is wrong with it. */
function toNumber(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

function camelCase(name: string): string {
  return name.replaceAll(/[-_](\w)/g, (_, letter: string) => letter.toUpperCase());
}

function example(fields: readonly Field[]): string {
  const port = fields.find(({ name }) => name === 'port');
  return port === undefined ? '' : ` --port ${String(port.schema.default ?? 3111)}`;
}

/** The schema of a worker that has nothing to configure. */
export const NoConfig = Type.Object({}, { additionalProperties: false });
