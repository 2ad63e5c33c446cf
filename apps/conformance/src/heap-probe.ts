import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { EngineProcess } from './engine-process.js';

/** Arguments of Node with which an engine can be probed. */
export const PROBED = ['--inspect=127.0.0.1:0'];

/** Looks into the heap of an engine process from outside, so that garbage is not taken for memory it needs. */
export class HeapProbe {
  #ids = 0;

  private constructor(
    private readonly engine: EngineProcess,
    private readonly socket: WebSocket,
  ) {}

  /** @param engine started with {@link PROBED}. */
  static async connect(engine: EngineProcess): Promise<HeapProbe> {
    const url = /Debugger listening on (ws:\S+)/.exec(engine.lines.join('\n'))?.[1];
    if (url === undefined) throw new Error('the engine was not started with --inspect');
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new HeapProbe(engine, socket);
  }

  /** Bytes once everything that can be collected has been. */
  async measure(): Promise<{ resident: number; heap: number }> {
    // Some of what the first round frees lets the second free more.
    for (let round = 0; round < 3; round++) await this.#ask('HeapProfiler.collectGarbage');
    const { usedSize } = (await this.#ask('Runtime.getHeapUsage')) as { usedSize: number };
    return { resident: this.engine.residentBytes, heap: usedSize };
  }

  close(): void {
    this.socket.terminate();
  }

  async #ask(method: string): Promise<unknown> {
    const id = ++this.#ids;
    this.socket.send(JSON.stringify({ id, method }));
    for (;;) {
      const [data] = (await once(this.socket, 'message')) as [Buffer];
      const answer = JSON.parse(String(data)) as { id?: number; result?: unknown };
      if (answer.id === id) return answer.result;
    }
  }
}
