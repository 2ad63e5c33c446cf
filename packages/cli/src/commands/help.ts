import type { Command } from 'commander';

/** `iii help [COMMAND...]`: the same as `--help` behind those words. */
export function addHelpCommand(
  program: Command,
  unknownCommand: (name: string, under: Command) => never,
): void {
  program
    .command('help')
    .argument('[COMMAND...]', 'command to show the help of')
    .summary('show the help of a command')
    .description('Shows what a command does and takes, as --help behind its name does.')
    .addHelpText('after', '\nExamples:\n  iii help\n  iii help trigger')
    .action((names: string[]) => {
      let command = program;
      for (const name of names) {
        const next = command.commands.find((one) => one.name() === name || one.aliases().includes(name));
        if (next === undefined) unknownCommand(name, command);
        else command = next;
      }
      command.outputHelp();
    });
}
