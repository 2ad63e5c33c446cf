import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { bindError } from '../bind-error.js';
import { IncomingRequest } from '../body.js';
import { serveRequest } from '../dispatch.js';
import type { Exchange } from '../exchange.js';
import type { ReportFault } from '../fault.js';
import { announcesBody } from '../framing.js';
import type { Settings } from '../settings.js';
import type { Listener } from '../types.js';
import { NodeBody } from './body.js';
import { Connections } from './connections.js';
import { headOf, Incoming } from './incoming.js';
import { NodeListener } from './listener.js';
import { NodeResponse } from './response.js';
import { Upgrades } from './upgrades.js';

/** Bytes of a request head, the same as the http worker documents (spec/worker-http.md §9.5). */
const MAX_HEAD_BYTES = 417_792;

/** Binds a port with node:http and `ws`. */
export async function startNode(settings: Settings): Promise<Listener> {
  const server = createServer({
    IncomingMessage: Incoming,
    maxHeaderSize: MAX_HEAD_BYTES,
    requireHostHeader: false,
    headersTimeout: settings.headerTimeoutMs,
    // How often node:http looks for late headers; its default of 30 s would triple the deadline.
    connectionsCheckingInterval: Math.min(1000, Math.ceil(settings.headerTimeoutMs / 4)),
    requestTimeout: 0,
    keepAliveTimeout: settings.keepAliveTimeoutMs,
  });
  // Called by close(). It takes connections for idle whose answer has been ended but not yet sent, and cuts them;
  // Connections knows better.
  server.closeIdleConnections = () => {};
  const connections = new Connections();
  const upgrades = new Upgrades(settings, connections);
  server.on('connection', (tcp) => connections.add(tcp));
  server.on('request', (message, response) => serve(settings, connections, message, response));
  if (settings.onUpgrade !== undefined) {
    server.on('upgrade', (message, _tcp, rest) => void upgrades.decide(message, rest));
  }
  await bind(server, settings);
  return new NodeListener(server, settings, connections, upgrades.sockets);
}

async function bind(server: Server, { host, address, port, report }: Settings): Promise<void> {
  try {
    server.listen({ host: address, port, exclusive: true });
    await once(server, 'listening');
    // From here on: a connection could not be accepted, for instance for want of file descriptors.
    server.on('error', report);
  } catch (error) {
    throw bindError(host, port, error);
  }
}

function serve(
  settings: Settings,
  connections: Connections,
  message: IncomingMessage,
  response: ServerResponse,
): void {
  const tcp = message.socket;
  // The parser goes on with what came in the same read. The answer to the first ends the connection.
  if (connections.isRefused(tcp)) return;
  const body = new NodeBody(message, settings.report);
  connections.began(tcp);
  const answer = new NodeResponse(response, tcp, new NodeExchange(message, settings, connections, body));
  const head = headOf(message);
  if (announcesBody(head) === undefined || isOldAndCoded(message)) {
    connections.refuse(tcp);
    answer.send(400, [['connection', 'close']], 'ambiguous body length\n');
  } else serveRequest(settings, connections.draining, new IncomingRequest(head, body), answer);
}

class NodeExchange implements Exchange {
  readonly method: string;
  readonly report: ReportFault;

  constructor(
    private readonly message: IncomingMessage,
    private readonly settings: Settings,
    private readonly connections: Connections,
    private readonly body: NodeBody,
  ) {
    this.method = message.method ?? '';
    this.report = settings.report;
  }

  draining(): boolean {
    return this.connections.draining;
  }

  settled(): void {
    this.body.drop();
  }

  ended(): void {
    this.connections.answered(this.message.socket);
    this.body.expectRest(this.settings.keepAliveTimeoutMs);
  }
}

/** HTTP/1.0 has no transfer codings: who forwards such a request may take its body for the next (RFC 9112 §6.1). */
function isOldAndCoded({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion === '1.0' && headers['transfer-encoding'] !== undefined;
}
