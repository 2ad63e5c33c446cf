import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { type Command, HELP, readCommand } from './arguments.js';
import { benchChannel } from './channel/bench.js';
import { benchHttp } from './http/bench.js';
import { reportProfile } from './profile/report.js';
import { type KeptResult, keepResult } from './report/keep.js';
import { describeMachine, renderMachine } from './report/machine.js';
import { renderResult } from './report/render.js';
import { runSuite } from './suite.js';

const tell = (line: string) => void process.stderr.write(`${line}\n`);
const print = (text: string) => void process.stdout.write(`${text}\n`);
/** Of the package, whose results are kept beside its sources. */
const HOME = path.resolve(import.meta.dirname, '..');

async function run(command: Exclude<Command, { what: 'help' }>, profile: { readonly profile?: string }) {
  switch (command.what) {
    case 'channel':
      return print(await benchChannel({ ...command.options, ...profile, tell }));
    case 'http':
      return print(await benchHttp({ ...command.options, ...profile, tell }));
    case 'suite':
      return runAll(command, profile);
  }
}

async function runAll(
  { names, options, json, write }: Extract<Command, { what: 'suite' }>,
  profile: { readonly profile?: string },
): Promise<void> {
  const machine = await describeMachine();
  const results: KeptResult[] = [];
  if (!json) print(`on ${renderMachine(machine)}`);
  for (const name of names) {
    const at = new Date().toISOString();
    const result = { ...(await runSuite(name, { ...options, ...profile }, tell)), machine, at };
    results.push(result);
    if (write) keepResult(HOME, result);
    if (!json) print(`\n${renderResult(result)}`);
  }
  if (json) print(JSON.stringify(results, undefined, 1));
}

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2));
  if (command.what === 'help') {
    process.stdout.write(HELP);
    return command.status;
  }
  const { profile } = command.options;
  if (profile === undefined) {
    await run(command, {});
    return 0;
  }
  // A package’s scripts run in its own directory; the path was meant from where the command was given.
  const directory = path.resolve(process.env.INIT_CWD ?? '.', profile);
  await run(command, { profile: directory });
  const files = existsSync(directory) ? readdirSync(directory) : [];
  const profiles = files.filter((name) => name.endsWith('.cpuprofile'));
  if (profiles.length === 0) print('\nno profile was written: none of these benchmarks takes any');
  for (const file of profiles) {
    print(`\n${file}\n${reportProfile(path.join(directory, file))}`);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`Error: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
