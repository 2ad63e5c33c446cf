import type { Log } from 'iii-protocol';
import { type DestinationStream, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export interface LogOptions {
  /** Default: `III_LOG_LEVEL`, else `info`. */
  readonly level?: LogLevel;
  /** `text` for people, `json` for machines. Default: `III_LOG_FORMAT`, else `text`. */
  readonly format?: 'text' | 'json';
  /** File descriptor. Default: standard error, so that standard output is left to data. */
  readonly destination?: number;
}

/** Members that may hold a secret, wherever they stand in a log line. */
const SECRET_MEMBERS = [
  'reattach_token',
  'access_key',
  'authorization',
  'cookie',
  'password',
  'secret',
  'token',
];
const REDACTED_PATHS = SECRET_MEMBERS.flatMap((name) => [name, `*.${name}`]);

/** Log lines of a process, with what may be secret left out. */
export function createLog(options: LogOptions = {}): Log & { child(fields: object): Log } {
  const format = options.format ?? (process.env.III_LOG_FORMAT === 'json' ? 'json' : 'text');
  const destination = pino.destination({ dest: options.destination ?? 2, sync: true });
  const stream = format === 'json' ? destination : asText(destination);
  return pino({ level: options.level ?? levelFromEnvironment(), redact: REDACTED_PATHS }, stream);
}

/** The lines for people. Without the stream that pino-pretty offers, which can take as long as the line itself. */
function asText(destination: DestinationStream): DestinationStream {
  const toText = prettyFactory({
    colorize: process.stderr.isTTY && process.env.NO_COLOR === undefined,
    translateTime: 'SYS:HH:MM:ss.l',
    ignore: 'pid,hostname',
    singleLine: true,
  });
  return { write: (line) => destination.write(toText(line)) };
}

function levelFromEnvironment(): LogLevel {
  const asked = process.env.III_LOG_LEVEL?.toLowerCase();
  return LOG_LEVELS.find((level) => level === asked) ?? 'info';
}
