import { readdirSync } from 'node:fs';
import path from 'node:path';
import { type Command, HELP, readCommand } from './arguments.js';
import { benchCalls } from './calls/bench.js';
import { benchChannel } from './channel/bench.js';
import { benchHttp } from './http/bench.js';
import { reportProfile } from './profile/report.js';

const tell = (line: string) => void process.stderr.write(`${line}\n`);

function run(command: Exclude<Command, { what: 'help' }>, profile: { readonly profile?: string }) {
  switch (command.what) {
    case 'channel':
      return benchChannel({ ...command.options, ...profile, tell });
    case 'calls':
      return benchCalls({ ...command.options, ...profile, tell });
    case 'http':
      return benchHttp({ ...command.options, ...profile, tell });
  }
}

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2));
  if (command.what === 'help') {
    process.stdout.write(HELP);
    return command.status;
  }
  const { profile } = command.options;
  if (profile === undefined) {
    process.stdout.write(`${await run(command, {})}\n`);
    return 0;
  }
  // A package’s scripts run in its own directory; the path was meant from where the command was given.
  const directory = path.resolve(process.env.INIT_CWD ?? '.', profile);
  process.stdout.write(`${await run(command, { profile: directory })}\n`);
  for (const file of readdirSync(directory).filter((name) => name.endsWith('.cpuprofile'))) {
    process.stdout.write(`\n${file}\n${reportProfile(path.join(directory, file))}\n`);
  }
  return 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`Error: ${(error as Error).message}\n`);
  process.exitCode = 1;
}
