import { type Clock, systemClock } from 'iii-protocol';
import { writerTo } from './process-output.js';
import { type Screen, screenOf } from './screen.js';

/** Everything the command reads from and writes to its surroundings. */
export interface CliIo {
  /** Data: results, help that was asked for, the version. */
  readonly stdout: (text: string) => void;
  /** Everything meant for a person only. */
  readonly stderr: (text: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly isTerminal: { readonly stdin: boolean; readonly stdout: boolean; readonly stderr: boolean };
  /** Directory that relative paths start from. */
  readonly cwd: string;
  readonly clock: Clock;
  /** For commands that go on until they are told to stop. */
  readonly screen: Screen;
  /** Asks the person at the terminal; absent where there is none to ask. */
  ask?(question: string): Promise<string>;
}

/** The surroundings of this process. */
export function processIo(): CliIo {
  return {
    stdout: writerTo(process.stdout),
    stderr: writerTo(process.stderr),
    env: process.env,
    isTerminal: {
      stdin: process.stdin.isTTY === true,
      stdout: process.stdout.isTTY === true,
      stderr: process.stderr.isTTY === true,
    },
    cwd: process.cwd(),
    clock: systemClock,
    screen: screenOf({ stdin: process.stdin, stdout: process.stdout, signals: process }),
  };
}
