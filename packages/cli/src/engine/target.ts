import { isIPv6 } from 'node:net';
import { LIMITS } from 'iii-protocol';
import { CliError } from '../errors.js';

/** Where an engine is and how to be let in. */
export interface EngineTarget {
  readonly url: string;
  /** `host:port` for messages; never what may be secret in the address. */
  readonly place: string;
  /** Sent with the upgrade request. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What the options of a command say about it. */
export interface TargetOptions {
  readonly url?: string | undefined;
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly header?: Readonly<Record<string, string>> | undefined;
}

/**
 * `--url`, else `--address` and `--port`, else `III_URL`, else the engine on this machine.
 *
 * @throws CliError when `III_URL` is none.
 */
export function engineTarget(
  options: TargetOptions,
  env: Readonly<Record<string, string | undefined>>,
): EngineTarget {
  const { address, port, header: headers = {} } = options;
  const isPlaceGiven = address !== undefined || port !== undefined;
  const url = options.url ?? (isPlaceGiven ? undefined : urlFromEnvironment(env.III_URL));
  const host = address ?? 'localhost';
  const { href, place } = readUrl(
    url ?? `ws://${isIPv6(host) ? `[${host}]` : host}:${port ?? LIMITS.defaultPort}`,
  );
  return { url: href, place, headers };
}

/** @throws TypeError when it is not the URL of a WebSocket. */
export function readUrl(text: string): { readonly href: string; readonly place: string } {
  const { protocol, hostname, port, href, hash } = new URL(text);
  if (protocol !== 'ws:' && protocol !== 'wss:') throw new TypeError(`${protocol} is not ws: or wss:`);
  if (hash !== '') throw new TypeError('a WebSocket has no fragment');
  return { href, place: `${hostname}:${port || (protocol === 'ws:' ? '80' : '443')}` };
}

function urlFromEnvironment(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  try {
    readUrl(text);
    return text;
  } catch {
    throw new CliError('invalid_engine_url', `III_URL is \`${text}\`, which is not the URL of a WebSocket`);
  }
}
