import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import type { EngineProcess } from './engine-process.js';

const CHUNK_BYTES = 64 * 1024;

/** The time of a request counts until its answer begins, and that of an upload until all of it is there. */
export const PATIENT = `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - { name: iii-http, config: { port: 0, default_timeout: 600000 } }
`;

/** Bytes, and their SHA-256 in hexadecimal. */
export interface Content {
  readonly bytes: number;
  readonly sha256: string;
}

export interface Transfer {
  readonly sent: Content;
  readonly received: Content;
  readonly seconds: number;
  /** Bytes of resident memory of the engine: before, and at the peak. */
  readonly before: number;
  readonly peak: number;
}

/** One upload and one download through handlers of the official client, in a process of their own. */
export async function httpTransfers(
  engine: EngineProcess,
  bytes: number,
): Promise<{ readonly upload: Transfer; readonly download: Transfer }> {
  const script = path.resolve(import.meta.dirname, '../workers/http-transfer.mjs');
  const worker = spawn(process.execPath, [script, engine.url], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    await once(worker, 'message');
    // What is there before anything was transferred is code that has not run yet.
    await upload(engine.httpUrl, CHUNK_BYTES);
    await download(engine.httpUrl, CHUNK_BYTES);
    return {
      upload: await watched(engine, () => upload(engine.httpUrl, bytes)),
      download: await watched(engine, () => download(engine.httpUrl, bytes)),
    };
  } finally {
    const ended = once(worker, 'exit');
    worker.kill('SIGKILL');
    await ended;
  }
}

type Ends = Pick<Transfer, 'sent' | 'received'>;

async function watched(engine: EngineProcess, work: () => Promise<Ends>): Promise<Transfer> {
  const before = engine.residentBytes;
  let peak = before;
  const sampling = setInterval(() => {
    peak = Math.max(peak, engine.residentBytes);
  }, 20);
  const started = performance.now();
  try {
    const ends = await work();
    return { ...ends, before, peak, seconds: (performance.now() - started) / 1_000 };
  } finally {
    clearInterval(sampling);
  }
}

async function upload(httpUrl: string, bytes: number): Promise<Ends> {
  const request = http.request(`${httpUrl}/transfer`, { method: 'POST', agent: false });
  const answered = once(request, 'response');
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; left -= CHUNK_BYTES) {
    const chunk = randomBytes(Math.min(left, CHUNK_BYTES));
    hash.update(chunk);
    if (!request.write(chunk)) await once(request, 'drain');
  }
  request.end();
  const [response] = (await answered) as [http.IncomingMessage];
  const received = (await json(response)) as Content;
  return { sent: { bytes, sha256: hash.digest('hex') }, received };
}

async function download(httpUrl: string, bytes: number): Promise<Ends> {
  const response = await get(`${httpUrl}/transfer/${bytes}`);
  const hash = createHash('sha256');
  let received = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    hash.update(chunk);
    received += chunk.length;
  }
  const sent = (await json(await get(`${httpUrl}/transferred`))) as Content;
  return { sent, received: { bytes: received, sha256: hash.digest('hex') } };
}

async function get(url: string): Promise<http.IncomingMessage> {
  const [response] = (await once(http.get(url, { agent: false }), 'response')) as [http.IncomingMessage];
  return response;
}

async function json(response: http.IncomingMessage): Promise<unknown> {
  const text = (await response.setEncoding('utf8').toArray()).join('');
  if (response.statusCode !== 200) throw new Error(`answered with ${response.statusCode} ${text}`);
  return JSON.parse(text) as unknown;
}
