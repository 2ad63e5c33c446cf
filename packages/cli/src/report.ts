import { CommanderError } from 'commander';
import { CliError, RemoteError } from './errors.js';
import type { CliIo } from './io.js';
import { escapedJson } from './text/remote-text.js';
import { styleOf } from './text/style.js';

/** What a command ends with (§1.1). */
export const ExitStatus = { ok: 0, failed: 1, usage: 2 } as const;

/** Tells why a command ended early, unless that has been told, and with which status it ends. */
export function report(error: unknown, io: CliIo): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? ExitStatus.ok : ExitStatus.usage;
  io.stderr(`${styleOf(io, 'stderr').red('Error:')} ${explain(error)}\n`);
  return ExitStatus.failed;
}

/** An error in words, without a prefix. */
export function explain(error: unknown): string {
  if (error instanceof CliError) return `${error.message}. ${error.hint}`;
  if (error instanceof RemoteError) {
    const { code, message, stacktrace = null } = error;
    return escapedJson(JSON.stringify({ code, message, stacktrace }, null, 2));
  }
  if (!(error instanceof Error)) return String(error);
  return 'hint' in error && typeof error.hint === 'string'
    ? `${error.message}; ${error.hint}`
    : error.message;
}
