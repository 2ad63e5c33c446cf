import type { Command } from 'commander';
import { CliError } from '../errors.js';

const NOT_YET = 'is not part of this command yet.';

/** Commands people know from the official tool or expect to be there, and what to do instead. */
const UNAVAILABLE: Readonly<Record<string, string>> = {
  worker: `${NOT_YET} Declare workers in config.yaml, or run them as processes of their own.`,
  project: `${NOT_YET} A project needs no more than a config.yaml, which \`iii\` creates.`,
  console: `${NOT_YET} \`iii trigger engine::functions::list\` and its siblings show what an engine knows.`,
  compose: `${NOT_YET} Declare workers in config.yaml, or run them as processes of their own.`,
  update: `${NOT_YET} Update it with the package manager it was installed with.`,
  sandbox: 'is not part of this command: workers run as plain processes.',
  start: 'is not a command. The engine is started with `iii` alone.',
  stop: 'is not a command. The engine is stopped with Ctrl-C, or with SIGTERM.',
  config: 'is not a command. Edit config.yaml.',
  logs: 'is not a command. The engine writes its log to stderr.',
};

/**
 * Hidden commands that say plainly that they are none. Their options are not looked at: what is wrong is the command.
 */
export function addUnavailableCommands(program: Command): void {
  for (const [name, text] of Object.entries(UNAVAILABLE)) {
    hidden(program, name, `\`iii ${name}\` ${text}`).action(() =>
      program.error(`error: \`iii ${name}\` ${text}`, { exitCode: 2 }),
    );
  }
  const cloud = 'this command has no `cloud`: it runs engines on your own machines only';
  hidden(program, 'cloud', `${cloud}.`).action(() => {
    throw new CliError('not_included', cloud);
  });
}

function hidden(program: Command, name: string, description: string): Command {
  return program
    .command(name, { hidden: true })
    .description(description)
    .argument('[ARGS...]')
    .helpOption(false)
    .allowUnknownOption();
}
