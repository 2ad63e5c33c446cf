import os from 'node:os';
import { LIMITS } from 'iii-protocol';
import type { ReconnectionConfig } from '../link/backoff.js';
import type { OtelConfig, TelemetryOptions } from '../types/telemetry.js';

/** Options of `registerWorker` (sdk-node.md §3.2). */
export interface InitOptions {
  /** Display name. Default: `III_WORKER_NAME`, else `<hostname>:<pid>`. */
  workerName?: string;
  /** One line about the worker. */
  workerDescription?: string;
  /** Where everything this worker registers goes, and where its calls go. Default: `III_NAMESPACE`, else the default one. */
  namespace?: string;
  enableMetricsReporting?: boolean;
  /** Milliseconds a call waits for its answer. Default 30 000. */
  invocationTimeoutMs?: number;
  reconnectionConfig?: Partial<ReconnectionConfig>;
  otel?: Omit<OtelConfig, 'engineWsUrl'>;
  /** Sent with the upgrade request. */
  headers?: Record<string, string>;
  telemetry?: TelemetryOptions;
}

/** What the options come down to. */
export interface WorkerIdentity {
  readonly name: string;
  readonly description: string | undefined;
  readonly namespace: string | undefined;
  readonly telemetry: TelemetryOptions;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Empty counts as not set. */
export function environmentValue(name: string, env: Environment = process.env): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}

/** §3.1: the argument, else `III_URL`, else the engine on this machine. */
export function resolveAddress(address: string | undefined, env: Environment = process.env): string {
  return address || environmentValue('III_URL', env) || LIMITS.defaultUrl;
}

/** @throws Error when a namespace is given but blank (§17.2). */
export function resolveIdentity(options: InitOptions, env: Environment = process.env): WorkerIdentity {
  const { namespace } = options;
  if (namespace !== undefined && namespace.trim() === '') {
    throw new Error(
      `namespace is empty: options.namespace was set to "${namespace}". ` +
        'Give it a name, or leave it unset to register in `default`.',
    );
  }
  const fromEnvironment = env.III_NAMESPACE;
  return {
    name: options.workerName ?? environmentValue('III_WORKER_NAME', env) ?? defaultName(),
    description: options.workerDescription,
    namespace: namespace ?? (fromEnvironment?.trim() === '' ? undefined : fromEnvironment),
    telemetry: options.telemetry ?? {},
  };
}

let unnamedClients = 0;

/** `<hostname>:<pid>`; from the second unnamed client of a process on with a number, since names should differ. */
function defaultName(): string {
  unnamedClients++;
  const base = `${os.hostname()}:${process.pid}`;
  return unnamedClients === 1 ? base : `${base}#${unnamedClients}`;
}
