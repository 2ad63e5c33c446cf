import type { Log } from 'iii-protocol';
import { type DestinationStream, pino } from 'pino';
import pretty from 'pino-pretty';

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
  const destination = options.destination ?? 2;
  const format = options.format ?? (process.env.III_LOG_FORMAT === 'json' ? 'json' : 'text');
  const stream: DestinationStream =
    format === 'json'
      ? pino.destination({ dest: destination, sync: true })
      : pretty({
          destination,
          sync: true,
          colorize: process.stderr.isTTY && process.env.NO_COLOR === undefined,
          translateTime: 'SYS:HH:MM:ss.l',
          ignore: 'pid,hostname',
          singleLine: true,
        });
  return pino({ level: options.level ?? levelFromEnvironment(), redact: REDACTED_PATHS }, stream);
}

function levelFromEnvironment(): LogLevel {
  const asked = process.env.III_LOG_LEVEL?.toLowerCase();
  return LOG_LEVELS.find((level) => level === asked) ?? 'info';
}
