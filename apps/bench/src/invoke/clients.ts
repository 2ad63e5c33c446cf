import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { registerWorker as registerOwn } from 'iii-sdk';
import { connect as connectNats } from 'nats';
import { registerWorker as registerOfficial } from 'official-iii-sdk';
import { Pool } from 'undici';

/** Ways to call a function of another process: through an engine or relay with either SDK, NATS, and plain HTTP. */
export type ClientKind = 'own' | 'official' | 'nats' | 'http';

/** The function of a line. */
const functionOf = (line: string) => `bench::${line}`;
const subjectOf = (line: string) => `bench.${line}`;
const QUEUE = 'bench';
/** More connections than calls are ever in flight. */
const MOST_CONNECTIONS = 1_024;

export type Call = (payload: unknown) => Promise<unknown>;

/** Takes calls and answers each with what it carries. @returns where, for those who are called directly. */
export async function serve(kind: ClientKind, line: string, address: string): Promise<string> {
  switch (kind) {
    case 'nats': {
      const connection = await connectNats({ servers: address });
      connection.subscribe(subjectOf(line), {
        queue: QUEUE,
        callback: (_error, message) => void message.respond(JSON.stringify(message.json())),
      });
      await connection.flush();
      return address;
    }
    case 'http': {
      const server = createServer((request, response) => {
        const chunks: Buffer[] = [];
        request.on('data', (chunk: Buffer) => chunks.push(chunk));
        request.on('end', () => {
          const payload: unknown = JSON.parse(Buffer.concat(chunks).toString());
          response.setHeader('content-type', 'application/json');
          response.end(JSON.stringify(payload));
        });
      }).listen({ host: '127.0.0.1', port: 0 });
      await once(server, 'listening');
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    }
    default:
      worker(kind, address, 'executor').registerFunction(functionOf(line), async (payload) => payload);
      return address;
  }
}

/** @param addresses where it is called; several only where it is called directly, and then in turn. */
export async function callerOf(kind: ClientKind, line: string, addresses: readonly string[]): Promise<Call> {
  const [address = ''] = addresses;
  switch (kind) {
    case 'nats': {
      const connection = await connectNats({ servers: address });
      return async (payload) => {
        const answer = await connection.request(subjectOf(line), JSON.stringify(payload), {
          timeout: 30_000,
        });
        return answer.json();
      };
    }
    case 'http': {
      const options = { connections: MOST_CONNECTIONS, pipelining: 1 };
      const pools = addresses.map((each) => new Pool(each, options));
      let turn = 0;
      return async (payload) => {
        const pool = pools[turn++ % pools.length] as Pool;
        const headers = { 'content-type': 'application/json' };
        const body = JSON.stringify(payload);
        const answer = await pool.request({ path: '/', method: 'POST', headers, body });
        return answer.body.json();
      };
    }
    default: {
      const client = worker(kind, address, 'caller');
      return (payload) => client.trigger({ function_id: functionOf(line), payload });
    }
  }
}

/** What both SDKs have in common, as far as it is needed here. */
interface Worker {
  registerFunction(id: string, handler: (payload: unknown) => Promise<unknown>): unknown;
  trigger(call: { readonly function_id: string; readonly payload: unknown }): Promise<unknown>;
}

/** A worker of either SDK, without telemetry. */
function worker(kind: 'own' | 'official', address: string, workerName: string): Worker {
  const options = { workerName, otel: { enabled: false } };
  return kind === 'own' ? registerOwn(address, options) : registerOfficial(address, options);
}
