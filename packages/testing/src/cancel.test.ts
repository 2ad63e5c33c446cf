import { once } from 'node:events';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { type IIIClient, registerWorker } from 'iii-sdk';
import { expect, it, vi } from 'vitest';
import { TestEngine } from './test-engine.js';
import { describeBothWays, heard } from './test-support.js';

/** Resolves with the reasons of the signals handlers get, one after the other. */
class Reasons {
  readonly #reasons: unknown[] = [];
  #waiting: Array<() => void> = [];

  add(reason: unknown): void {
    this.#reasons.push(reason);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async next(): Promise<unknown> {
    while (this.#reasons.length === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.#reasons.shift();
  }
}

interface Executor {
  readonly started: Reasons;
  readonly reasons: Reasons;
}

/** Offers `slow`, which runs until it is told to stop. */
async function offerSlow(worker: IIIClient): Promise<Executor> {
  const executor = { started: new Reasons(), reasons: new Reasons() };
  worker.registerFunction('slow', (data, _metadata, { signal }) => {
    executor.started.add(data);
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        executor.reasons.add(signal.reason);
        reject(signal.reason);
      });
    });
  });
  worker.registerFunction('quick', () => 'done');
  await heard(worker);
  return executor;
}

describeBothWays(
  'between workers',
  (stage) => {
    it('an abort reaches the handler', async () => {
      const { started, reasons } = await offerSlow(await stage.workers.connect('executor'));
      const caller = await stage.workers.connect('caller');
      const controller = new AbortController();
      const call = caller.trigger({ function_id: 'slow', signal: controller.signal });
      await started.next();
      controller.abort(new Error('the user left'));
      await expect(call).rejects.toThrow('the user left');
      expect(await reasons.next()).toMatchObject({ code: 'CANCELLED', reason: 'the user left' });
    });

    it('a timeout reaches the handler', async () => {
      const { reasons } = await offerSlow(await stage.workers.connect('executor'));
      const caller = await stage.workers.connect('caller');
      await expect(caller.trigger({ function_id: 'slow', timeoutMs: 30 })).rejects.toMatchObject({
        code: 'TIMEOUT',
      });
      expect(await reasons.next()).toMatchObject({ code: 'CANCELLED', reason: 'TIMEOUT' });
    });

    it('the disconnection of the caller reaches the handler', async () => {
      const { started, reasons } = await offerSlow(await stage.workers.connect('executor'));
      const caller = await stage.workers.connect('caller');
      const call = caller.trigger({ function_id: 'slow' }).catch((error: unknown) => error);
      await started.next();
      await caller.shutdown();
      expect(await call).toMatchObject({ message: 'iii is shutting down' });
      expect(await reasons.next()).toMatchObject({ code: 'CANCELLED', reason: 'the caller is gone' });
    });

    it('an abort goes down a chain of calls', async () => {
      const { started, reasons } = await offerSlow(await stage.workers.connect('executor'));
      const between = await stage.workers.connect('between');
      between.registerFunction('chain', (_data, _metadata, { signal }) =>
        between.trigger({ function_id: 'slow', signal }),
      );
      await heard(between);
      const caller = await stage.workers.connect('caller');
      const controller = new AbortController();
      const call = caller.trigger({ function_id: 'chain', signal: controller.signal });
      await started.next();
      controller.abort('enough');
      await expect(call).rejects.toBe('enough');
      expect(await reasons.next()).toMatchObject({ code: 'CANCELLED', reason: 'CANCELLED: enough' });
    });

    it('a caller may cancel more calls than it may have in flight', async () => {
      const { started, reasons } = await offerSlow(await stage.workers.connect('executor'));
      const caller = await stage.workers.connect('caller');
      for (let n = 0; n < 20; n++) {
        const controller = new AbortController();
        const call = caller.trigger({ function_id: 'slow', payload: { n }, signal: controller.signal });
        expect(await Promise.race([started.next(), call])).toMatchObject({ n });
        controller.abort(n);
        await expect(call).rejects.toBe(n);
        await reasons.next();
      }
      expect(await caller.trigger({ function_id: 'quick' })).toBe('done');
    });

    it('a worker that shuts down stops its handlers, and their callers hear of it', async () => {
      const worker = await stage.workers.connect('executor');
      const { started, reasons } = await offerSlow(worker);
      const caller = await stage.workers.connect('caller');
      const call = caller.trigger({ function_id: 'slow' });
      await started.next();
      const [failure] = await Promise.allSettled([call, worker.shutdown()]);
      expect(failure).toMatchObject({ reason: { code: 'invocation_stopped' } });
      expect(await reasons.next()).toMatchObject({ code: 'SHUTDOWN' });
    });
  },
  { limits: { maxInFlight: 4 } },
);

/** Passes a connection on to the engine, so that it can be cut. */
async function cuttable(address: string): Promise<{ url: string; cut(): void; close(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    const upstream = createConnection(Number(new URL(address).port), '127.0.0.1');
    for (const end of [socket, upstream]) {
      sockets.add(end);
      end.on('error', () => {});
    }
    socket.on('close', () => upstream.destroy()).pipe(upstream);
    upstream.on('close', () => socket.destroy()).pipe(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const cut = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    close: () => {
      cut();
      server.close();
    },
  };
}

it('a lost connection stops handlers, and the next one can cancel again', async () => {
  vi.spyOn(console, 'debug').mockImplementation(() => {});
  await using engine = new TestEngine();
  const line = await cuttable(await engine.listen());
  const worker = registerWorker(line.url, { reconnectionConfig: { initialDelayMs: 5 } });
  const { reasons, started } = await offerSlow(worker);
  const caller = await engine.client('caller');
  const stopped = caller.trigger({ function_id: 'slow' }).catch((error: unknown) => error);
  await started.next();
  line.cut();
  expect(await stopped).toMatchObject({ code: 'invocation_stopped' });
  expect(await reasons.next()).toMatchObject({ code: 'CONNECTION_LOST' });
  await heard(worker);
  await expect(caller.trigger({ function_id: 'slow', timeoutMs: 100 })).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  await started.next();
  expect(await reasons.next()).toMatchObject({ code: 'CANCELLED', reason: 'TIMEOUT' });
  await worker.shutdown();
  line.close();
  vi.restoreAllMocks();
});
