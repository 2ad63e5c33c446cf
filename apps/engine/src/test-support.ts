import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { Log } from 'iii-protocol';
import { planFrom } from './config/plan.js';
import { House, type HouseOptions } from './house.js';
import { Reload } from './reload.js';

/** A log that tests can read: `level: message`. */
export class LogBook implements Log {
  readonly lines: string[] = [];
  readonly debug = this.#writer('debug');
  readonly info = this.#writer('info');
  readonly warn = this.#writer('warn');
  readonly error = this.#writer('error');

  child(): Log {
    return this;
  }

  of(level: 'info' | 'warn' | 'error'): string[] {
    const start = `${level}: `;
    return this.lines.filter((line) => line.startsWith(start)).map((line) => line.slice(start.length));
  }

  #writer(level: string) {
    return (_fields: object, message: string) => void this.lines.push(`${level}: ${message}`);
  }
}

/** A directory of its own, which ends with the test. */
export class Folder implements Disposable {
  readonly path = mkdtempSync(path.join(os.tmpdir(), 'iii-server-'));

  file(name: string): string {
    return path.join(this.path, name);
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

export interface Reply {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly text: string;
}

export async function ask(
  address: string,
  target: string,
  options: http.RequestOptions = {},
): Promise<Reply> {
  const request = http.request(`http://${address}${target}`, { agent: false, ...options }).end();
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, headers: response.headers, text };
}

/** Somebody else on a port. */
export class Squatter implements AsyncDisposable {
  private constructor(
    private readonly server: net.Server,
    readonly port: number,
  ) {}

  static async on(port = 0): Promise<Squatter> {
    const server = net.createServer().listen(port, '127.0.0.1');
    await once(server, 'listening');
    return new Squatter(server, (server.address() as net.AddressInfo).port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.server.listening) return;
    this.server.close();
    await once(this.server, 'close');
  }
}

/** Ports nobody is on, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const squatters = await Promise.all(Array.from({ length: count }, () => Squatter.on()));
  for (const squatter of squatters) await squatter[Symbol.asyncDispose]();
  return squatters.map(({ port }) => port);
}

const FILE = 'config.yaml';

/** A house that was started from a file, and follows it. */
export class TestHouse implements AsyncDisposable {
  private constructor(
    readonly house: House,
    readonly reload: Reload,
    readonly log: LogBook,
    private readonly folder: Folder,
  ) {}

  static async start(text: string, options: Partial<HouseOptions> = {}): Promise<TestHouse> {
    const folder = new Folder();
    const log = new LogBook();
    const file = folder.file(FILE);
    writeFileSync(file, text);
    const about = { version: '1.2.3', log, ...options };
    const house = await House.start(planFrom(text, FILE, {}, '1.2.3'), about);
    const reload = new Reload({ house, file, text, env: {}, version: '1.2.3', log });
    return new TestHouse(house, reload, log, folder);
  }

  /** Saves another configuration and reads it at once. */
  async save(text: string): Promise<void> {
    writeFileSync(this.folder.file(FILE), text);
    await this.reload.now();
  }

  ready(): Promise<Reply> {
    return ask(this.house.healthAddress ?? 'no health port', '/readyz');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reload.close();
    await this.house.stop();
    this.folder[Symbol.dispose]();
  }
}
