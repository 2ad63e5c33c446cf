import type { CliHost } from './host.js';
import { type CliIo, processIo } from './io.js';
import { createProgram } from './program.js';
import { ExitStatus, report } from './report.js';

/**
 * Runs the `iii` command. Resolves with the exit status: 0 when all went well, 1 when it did not, 2 when the command
 * line is not one. Never throws, never ends the process.
 *
 * @param args what follows the name of the program.
 * @param io what to use instead of this process’s own streams, environment and directory.
 *
 * @example process.exitCode = await runCli(process.argv.slice(2), { version, serve });
 */
export async function runCli(
  args: readonly string[],
  host: CliHost,
  io: Partial<CliIo> = {},
): Promise<number> {
  const complete: CliIo = { ...processIo(), ...io };
  let status: number = ExitStatus.ok;
  try {
    const program = createProgram({ io: complete, host }, (served) => {
      status = served;
    });
    await program.parseAsync([...args], { from: 'user' });
    return status;
  } catch (error) {
    return report(error, complete);
  }
}
