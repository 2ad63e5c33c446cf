import path from 'node:path';
import type { Command } from 'commander';
import { DEFAULT_CONFIG, serveRequest } from '../config-path.js';
import { CliError } from '../errors.js';
import type { DataCopy, DataProgress, StoredEntries } from '../host.js';
import type { CliIo } from '../io.js';
import { single } from '../single.js';
import { bytes, count, counted } from '../text/quantity.js';
import { styleOf } from '../text/style.js';
import { type Column, formatTable } from '../text/table.js';
import type { CommandContext } from './context.js';

interface DataOptions {
  readonly config?: string;
  readonly dataDir?: string;
  readonly force?: true;
  readonly json?: true;
}

const BACKUP = `
The backup is of one moment, whether an engine uses the data or not, and is read back before it counts. It is a
directory of its own: \`iii data restore\` takes it, and so does \`iii data verify\`.

Examples:
  iii data backup backups/monday
  iii data backup --data-dir /var/lib/iii /mnt/backup/iii --force`;

const RESTORE = `
The engine must not be running. The backup is read before anything is replaced; what fails leaves what was there.

Examples:
  iii data restore backups/monday
  iii data restore backups/monday --force      lose the data that is there now`;

const VERIFY = `
Every entry is compared with its checksum, its neighbours and the totals. Ends with 1 when something is wrong.

Examples:
  iii data verify
  iii data verify backups/monday --json`;

/** `iii data`: what workers have stored, as files. */
export function addDataCommand(program: Command, context: CommandContext): void {
  const data = program
    .command('data')
    .summary('back up, restore and verify what workers have stored')
    .description('Works on the data directory of an engine, which workers keep their stores in.')
    .helpCommand(false)
    .addHelpText('after', '\nExamples:\n  iii data backup backups/monday\n  iii data verify');
  const backup = data.command('backup').argument('<TARGET>', 'directory to write to').summary('copy it');
  backup.description('Copies the data of workers to another directory.');
  addLocation(backup)
    .option('--force', 'take the place of a backup that is there')
    .addHelpText('after', BACKUP)
    .action((target: string, options: DataOptions) => backUp(target, options, context));
  const restore = data.command('restore').argument('<SOURCE>', 'backup to take').summary('bring a copy back');
  restore.description('Makes a backup the data of workers.');
  addLocation(restore)
    .option('--force', 'lose the data that is there')
    .addHelpText('after', RESTORE)
    .action((source: string, options: DataOptions) => bringBack(source, options, context));
  const verify = data.command('verify').argument('[SOURCE]', 'backup or data directory to read');
  verify
    .summary('read all of it, and say what is damaged')
    .description('Reads everything workers have stored.');
  addLocation(verify)
    .addHelpText('after', VERIFY)
    .action((source: string | undefined, options: DataOptions) => check(source, options, context));
}

function addLocation(command: Command): Command {
  return command
    .allowExcessArguments(false)
    .option('--data-dir <DIR>', 'data directory (default: data_dir of the configuration)', single(String))
    .option('-c, --config <PATH>', `configuration that names it (default: ${DEFAULT_CONFIG})`, single(String))
    .option('--json', 'print the result as JSON');
}

async function backUp(target: string, options: DataOptions, { io, host }: CommandContext): Promise<void> {
  const line = new ProgressLine(io);
  const copy = await host.data
    .backup(await directoryOf(options, { io, host }), path.resolve(io.cwd, target), {
      force: options.force === true,
      progress: (progress) => line.show(progress),
    })
    .finally(() => line.clear());
  printCopy('backed up to', copy, options, io);
}

async function bringBack(source: string, options: DataOptions, { io, host }: CommandContext): Promise<void> {
  const line = new ProgressLine(io);
  const copy = await host.data
    .restore(path.resolve(io.cwd, source), await directoryOf(options, { io, host }), {
      force: options.force === true,
      progress: (progress) => line.show(progress),
    })
    .finally(() => line.clear());
  printCopy('restored to', copy, options, io);
}

async function check(
  source: string | undefined,
  options: DataOptions,
  { io, host }: CommandContext,
): Promise<void> {
  const line = new ProgressLine(io);
  const from = source === undefined ? await directoryOf(options, { io, host }) : path.resolve(io.cwd, source);
  const { file, stores, problems } = await host.data
    .verify(from, (progress) => line.show(progress))
    .finally(() => line.clear());
  if (options.json === true) {
    io.stdout(`${JSON.stringify({ file, stores, problems }, null, 2)}\n`);
  } else {
    io.stdout(`${storeLines(stores, io).join('\n')}\n`);
    for (const problem of problems) io.stdout(`${styleOf(io, 'stdout').red('damaged:')} ${problem}\n`);
    if (problems.length === 0) io.stdout(`${file} is as it was written.\n`);
  }
  if (problems.length > 0) throw new CliError('data_damaged', `${file} is damaged`);
}

async function directoryOf({ dataDir, config }: DataOptions, { io, host }: CommandContext): Promise<string> {
  if (dataDir !== undefined) return path.resolve(io.cwd, dataDir);
  return host.data.directoryOf(serveRequest(config, io.cwd));
}

function printCopy(what: string, copy: DataCopy, options: DataOptions, io: CliIo): void {
  if (options.json === true) {
    io.stdout(`${JSON.stringify(copy, null, 2)}\n`);
    return;
  }
  io.stdout(`${storeLines(copy.stores, io).join('\n')}\n`);
  io.stdout(`${counted(copy.stores.length, 'store')} ${what} ${copy.file} (${bytes(copy.size)})\n`);
}

const COLUMNS: readonly Column<StoredEntries>[] = [
  { title: 'STORE', value: ({ name }) => name },
  { title: 'ENTRIES', value: ({ entries }) => count(entries) },
  { title: 'SIZE', value: (store) => bytes(store.bytes) },
];

function storeLines(stores: readonly StoredEntries[], io: CliIo): string[] {
  if (stores.length === 0) return ['There are no stores.'];
  return [...formatTable(COLUMNS, stores, styleOf(io, 'stdout')), ''];
}

/** How far it is, in one line that is written over; only for a person who looks. */
class ProgressLine {
  #isShown = false;

  constructor(private readonly io: CliIo) {}

  show(progress: DataProgress): void {
    if (!this.io.isTerminal.stderr) return;
    this.#isShown = true;
    this.io.stderr(`\r\x1b[2K${lineOf(progress)}`);
  }

  clear(): void {
    if (this.#isShown) this.io.stderr('\r\x1b[2K');
  }
}

function lineOf(progress: DataProgress): string {
  if (progress.step === 'checking') return `checking: ${counted(progress.entries, 'entry', 'entries')}`;
  return `copying: ${bytes(progress.bytes)} of at most ${bytes(progress.of)}`;
}
