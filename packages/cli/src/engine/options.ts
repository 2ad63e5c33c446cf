import { validateHeaderName, validateHeaderValue } from 'node:http';
import { isIPv6 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { LIMITS } from 'iii-protocol';
import { single } from '../single.js';
import { readUrl, type TargetOptions } from './target.js';

/** The options of every command that talks to a running engine. */
export interface ConnectionOptions extends TargetOptions {
  readonly timeoutMs?: number;
}

/** The options of commands that call a function. */
export interface EngineOptions extends ConnectionOptions {
  readonly namespace?: string;
}

export const DEFAULT_TIMEOUT_MS = LIMITS.invocationTimeoutMs;

export function addEngineOptions(command: Command): Command {
  return addConnectionOptions(command).option(
    '-n, --namespace <NS>',
    'namespace of the function (default: default)',
    single(readNamespace),
  );
}

export function addConnectionOptions(command: Command): Command {
  return command
    .option('--address <HOST>', 'host the engine runs on (default: localhost)', single(readHost))
    .option('--port <PORT>', `port workers connect to (default: ${LIMITS.defaultPort})`, single(readPort))
    .option(
      '--url <URL>',
      'ws:// or wss:// address of the engine, instead of host and port (default: III_URL)',
      single(readUrlOption),
    )
    .option(
      '--header <NAME:VALUE>',
      'header to connect with, such as credentials; may be given several times',
      addHeader,
    )
    .option(
      '--timeout-ms <MS>',
      `milliseconds to wait for the answer (default: ${DEFAULT_TIMEOUT_MS})`,
      single(readTimeout),
    );
}

function readHost(text: string): string {
  const isHost =
    isIPv6(text) || (text !== '' && !/[\s/:@?#[\]\\]/.test(text) && URL.canParse(`ws://${text}`));
  if (!isHost)
    throw new InvalidArgumentError('Expected a host name or IP address; a whole URL goes to --url.');
  return text;
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new InvalidArgumentError('Expected a port from 1 to 65535.');
}

function readUrlOption(text: string): string {
  try {
    readUrl(text);
    return text;
  } catch {
    throw new InvalidArgumentError('Expected ws://host:port or wss://host:port.');
  }
}

function readTimeout(text: string): number {
  const milliseconds = Number(text);
  if (/^\d+$/.test(text) && milliseconds >= 1) return milliseconds;
  throw new InvalidArgumentError('Expected a whole number of milliseconds, at least 1.');
}

function readNamespace(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('Expected a name, or no --namespace at all.');
}

function addHeader(text: string, others: Readonly<Record<string, string>> = {}): Record<string, string> {
  const colon = text.indexOf(':');
  const name = text.slice(0, colon).trim();
  const value = text.slice(colon + 1).trim();
  try {
    if (colon < 0) throw new TypeError('there is no colon');
    validateHeaderName(name);
    validateHeaderValue(name, value);
  } catch {
    throw new InvalidArgumentError('Expected name:value, as in "authorization: Bearer …".');
  }
  return { ...others, [name]: value };
}
