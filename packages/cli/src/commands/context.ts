import type { CliHost } from '../host.js';
import type { CliIo } from '../io.js';

/** What every command is given. */
export interface CommandContext {
  readonly io: CliIo;
  readonly host: CliHost;
}
