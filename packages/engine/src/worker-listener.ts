import {
  type DriverChoice,
  type DriverName,
  type HttpAnswer,
  listen,
  type RequestHead,
  type UpgradeDecision,
} from 'iii-listener';
import { LIMITS } from 'iii-protocol';
import { LISTENER_WORKER } from './builtins/worker-names.js';
import type { Core } from './core.js';
import { Intake } from './sessions/intake.js';
import type { Session } from './sessions/session.js';
import { SocketPeer } from './sessions/socket-peer.js';
import { telemetrySocket } from './telemetry.js';
import { answerPlainRequest, routeOf } from './worker-routes.js';

export interface WorkerListenerOptions {
  /** Default `127.0.0.1`. */
  readonly host?: string;
  /** Default 49134; 0 binds an ephemeral port. */
  readonly port?: number;
  readonly driver?: DriverChoice;
  /** Milliseconds a connection may take to deliver its request headers. Default 10 000. */
  readonly handshakeTimeoutMs?: number;
  /** Distinguishes several listeners in listings. Default `iii-worker-manager`. */
  readonly instance?: string;
}

/** A port that serves workers. */
export interface WorkerListener {
  readonly driver: DriverName;
  readonly host: string;
  readonly port: number;
  /** `host:port` as bound. */
  readonly address: string;
  close(): Promise<void>;
}

/** Opens a port with the routes of protocol.md §1.2. */
export async function openWorkerListener(
  options: WorkerListenerOptions,
  core: Core,
  isAccepting: () => boolean,
): Promise<WorkerListener> {
  const { env, sessions } = core;
  const listener = await listen({
    host: options.host ?? '127.0.0.1',
    port: options.port ?? LIMITS.defaultPort,
    driver: options.driver ?? 'auto',
    audience: 'workers',
    headerTimeoutMs: options.handshakeTimeoutMs ?? LIMITS.handshakeTimeoutMs,
    maxMessageBytes: env.limits.maxMessageBytes,
    onUpgrade: (request) => decide(request, core, isAccepting),
    onRequest: (request, response) => {
      const { status, headers, body } = answerPlainRequest(request);
      response.send(status, headers, body);
    },
    onError: (error) => env.log.error({ err: error }, DEFECT),
  });
  const instance = options.instance ?? LISTENER_WORKER;
  const worker = {
    name: LISTENER_WORKER,
    instance,
    version: env.version,
    description: `Accepts workers on ${listener.address} (${listener.driver}).`,
    mandatory: true,
    startedAtMs: env.clock.now(),
    listener: { address: listener.address, driver: listener.driver },
  };
  sessions.addEngineWorker(worker);
  return {
    driver: listener.driver,
    host: listener.host,
    port: listener.port,
    address: listener.address,
    close: async () => {
      sessions.removeEngineWorker(worker);
      await listener.close({ code: 1012, reason: 'the listener is closing' });
    },
  };
}

const DEFECT = 'a connection was ended by a defect of the engine';
const UNAVAILABLE: HttpAnswer = { status: 503, headers: [['retry-after', '1']], body: 'shutting down' };

function decide(request: RequestHead, core: Core, isAccepting: () => boolean): UpgradeDecision {
  const route = routeOf(request);
  if ('answer' in route) return { reject: route.answer };
  if (!isAccepting()) return { reject: UNAVAILABLE };
  switch (route.kind) {
    case 'telemetry':
      return { accept: () => telemetrySocket(() => {}) };
    case 'channel':
      return core.channelDoor.decide(request, route.end);
    case 'worker':
      return acceptWorker(request, core);
  }
}

function acceptWorker(request: RequestHead, core: Core): UpgradeDecision {
  const { env, lifecycle, dispatcher, outboxes, kept } = core;
  return {
    accept: (socket) => {
      const peer = new SocketPeer(socket, {
        maxOutboxBytes: env.limits.maxOutboxBytes,
        budget: outboxes,
        overflow: () => lifecycle.drop(session, 1013, 'it does not read what it is sent'),
      });
      if (request.header('user-agent')?.startsWith('Python/') === true) {
        peer.limitMessages(LIMITS.pythonMessageBytes);
      }
      const session: Session = lifecycle.open(peer);
      const failed = (error: unknown) => {
        env.log.error({ err: error }, DEFECT);
        lifecycle.drop(session, 1011, 'a defect of the engine');
      };
      const intake = new Intake(dispatcher, session, kept, failed, () => peer.waitTurn());
      const heard = () => lifecycle.heard(session);
      return {
        message: (data, isBinary) => {
          lifecycle.heard(session);
          intake.take(data, isBinary);
        },
        ping: heard,
        pong: heard,
        drained: () => peer.drained(),
        closed: () => {
          // What came before the end counts, as it does when it is short.
          intake.close();
          peer.ended();
          lifecycle.end(session);
        },
      };
    },
  };
}
