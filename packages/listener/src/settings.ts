import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { ListenerError } from './errors.js';
import { faultReporter, type ReportFault } from './fault.js';
import type { Listener, ListenOptions } from './types.js';

/** Options of a listener with every default filled in, as the drivers take them. */
export interface Settings {
  /** As the owner spelled it. */
  readonly host: string;
  /** What `host` resolved to. */
  readonly address: string;
  readonly port: number;
  readonly headerTimeoutMs: number;
  readonly keepAliveTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** Milliseconds a peer has to complete a closing handshake. */
  readonly closeTimeoutMs: number;
  readonly onUpgrade: ListenOptions['onUpgrade'];
  readonly onRequest: ListenOptions['onRequest'];
  readonly report: ReportFault;
}

/** What a driver is: a function that binds a port. */
export type StartDriver = (settings: Settings) => Promise<Listener>;

/** Milliseconds a peer has to complete a closing handshake. */
export const CLOSE_TIMEOUT_MS = 5000;

const LIMITS = {
  port: [0, 65535],
  headerTimeoutMs: [1, 2 ** 31 - 1],
  keepAliveTimeoutMs: [1, 2 ** 31 - 1],
  // The upper bound keeps every length inside uWebSockets.js within 31 bits.
  maxMessageBytes: [1, 2 ** 30],
} as const;

/** Fills in defaults and resolves the host. */
export async function resolveSettings(options: ListenOptions): Promise<Settings> {
  const host = options.host ?? '127.0.0.1';
  return {
    host,
    port: within('port', options.port),
    headerTimeoutMs: within('headerTimeoutMs', options.headerTimeoutMs ?? 10_000),
    keepAliveTimeoutMs: within('keepAliveTimeoutMs', options.keepAliveTimeoutMs ?? 10_000),
    maxMessageBytes: within('maxMessageBytes', options.maxMessageBytes ?? 64 * 1024 * 1024),
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    onUpgrade: options.onUpgrade,
    onRequest: options.onRequest,
    report: faultReporter(options.onError),
    address: await resolveHost(host),
  };
}

function within(name: keyof typeof LIMITS, value: number): number {
  const [least, most] = LIMITS[name];
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new ListenerError(
    'invalid_option',
    `${name} is ${value}, expected a whole number ${least} to ${most}`,
  );
}

/** Resolved once and here, so that both drivers bind the same address of a name. */
async function resolveHost(host: string): Promise<string> {
  if (isIP(host) !== 0) return host;
  try {
    return (await lookup(host)).address;
  } catch (cause) {
    throw new ListenerError('address_unavailable', `host ${JSON.stringify(host)} does not resolve`, {
      cause,
    });
  }
}
