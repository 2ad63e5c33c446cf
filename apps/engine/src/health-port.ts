import { type HttpAnswer, type Listener, listen, type RequestHead } from 'iii-listener';
import type { Log } from 'iii-protocol';
import type { HealthConfig } from './config/schema.js';
import { rebind } from './parts/rebind.js';

export interface HealthPortOptions {
  /** Why the engine is not ready; empty when it is. */
  readonly reasons: () => readonly string[];
  readonly log: Log;
}

/** Milliseconds a probe that is being answered gets when the port closes. */
const CLOSE_GRACE_MS = 500;

/**
 * A port of its own for probes: `/healthz` tells that the process lives, `/readyz` whether everything of the
 * configuration runs. Nothing else is served there, so that it can be open to probes where the other ports are not.
 */
export class HealthPort {
  #config: HealthConfig;
  #listener: Listener;

  private constructor(
    config: HealthConfig,
    listener: Listener,
    private readonly options: HealthPortOptions,
  ) {
    this.#config = config;
    this.#listener = listener;
  }

  /** @throws ListenerError when the address cannot be bound. */
  static async open(config: HealthConfig, options: HealthPortOptions): Promise<HealthPort> {
    return new HealthPort(config, await bind(config, options), options);
  }

  /** `host:port` as bound. */
  get address(): string {
    return this.#listener.address;
  }

  /**
   * Serves another address instead. Nothing happens when it is the same.
   *
   * @returns why it could not, and then serves the one before; `lost` when not even that.
   */
  async move(to: HealthConfig): Promise<{ readonly error: Error; readonly lost: boolean } | undefined> {
    const from = this.#config;
    if (to.host === from.host && to.port === from.port) return undefined;
    const { port } = this.#listener;
    const rebound = await rebind({
      port,
      toPort: to.port,
      isElsewhere: true,
      open: () => bind(to, this.options),
      release: () => this.close(),
      gap: () => {},
      restore: () => bind({ ...from, port }, this.options),
    });
    if (rebound.kind === 'lost') return { error: rebound.error, lost: true };
    this.#listener = rebound.bound ?? this.#listener;
    if (rebound.kind === 'kept') return { error: rebound.error, lost: false };
    this.#config = to;
    return undefined;
  }

  close(): Promise<void> {
    return this.#listener.close({ graceMs: CLOSE_GRACE_MS });
  }
}

async function bind({ host, port }: HealthConfig, { reasons, log }: HealthPortOptions): Promise<Listener> {
  const listener = await listen({
    host,
    port,
    driver: 'node',
    onRequest: (request, response) => {
      const { status, headers, body } = answerTo(request, reasons);
      response.send(status, headers, body);
    },
    onError: (error) => log.error({ err: error }, 'a probe could not be answered'),
  });
  log.info({}, `health on http://${listener.address}`);
  return listener;
}

function answerTo({ path, method }: RequestHead, reasons: () => readonly string[]): HttpAnswer {
  if (path !== '/healthz' && path !== '/readyz') {
    return json(404, { error: 'only /healthz and /readyz are here' });
  }
  if (method !== 'GET' && method !== 'HEAD') {
    return json(405, { error: 'only GET and HEAD' }, ['allow', 'GET, HEAD']);
  }
  if (path === '/healthz') return json(200, { status: 'ok' });
  const why = reasons();
  return why.length === 0 ? json(200, { status: 'ready' }) : json(503, { status: 'not_ready', reasons: why });
}

function json(status: number, body: object, ...more: ReadonlyArray<readonly [string, string]>): HttpAnswer {
  const headers = [['content-type', 'application/json'], ['cache-control', 'no-store'], ...more] as const;
  return { status, headers, body: JSON.stringify(body) };
}
