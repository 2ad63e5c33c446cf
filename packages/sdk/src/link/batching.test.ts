import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ScriptedEngine } from '../test-support.js';
import { Batching } from './batching.js';

/** A stream that notes how many writes reach it at once. */
class Kernel extends PassThrough {
  readonly batches: number[] = [];
  override _writev(chunks: ReadonlyArray<unknown>, done: () => void): void {
    this.batches.push(chunks.length);
    done();
  }
  override _write(_chunk: unknown, _encoding: string, done: () => void): void {
    this.batches.push(1);
    done();
  }
}

describe('messages of one go', () => {
  it('reach the kernel together, with those that promises send', async () => {
    const kernel = new Kernel();
    const batching = new Batching(kernel);
    const send = () => {
      batching.begin();
      kernel.write('x');
    };
    send();
    send();
    await Promise.resolve().then(send);
    expect(kernel.batches).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.batches).toEqual([3]);
    send();
    await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.batches).toEqual([3, 1]);
  });

  it('leave sixteen at a time when there are many', async () => {
    const kernel = new Kernel();
    const batching = new Batching(kernel);
    const before = process.listenerCount('exit');
    for (let n = 0; n < 40; n++) {
      batching.begin();
      kernel.write('x');
    }
    expect(kernel.batches).toEqual([16, 16]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.batches).toEqual([16, 16, 8]);
    expect(process.listenerCount('exit')).toBe(before);
  });

  it('leave no listener behind', async () => {
    const before = process.listenerCount('exit');
    const [one, two] = [new Batching(new Kernel()), new Batching(new Kernel())];
    one.begin();
    two.begin();
    expect(process.listenerCount('exit')).toBe(before + 1);
    one.release();
    two.release();
    expect(process.listenerCount('exit')).toBe(before);
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('may be written to a connection that is gone by then', async () => {
    const kernel = new Kernel();
    new Batching(kernel).begin();
    kernel.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.batches).toEqual([]);
  });

  it('reach the engine though the program exits right after it has sent them', async () => {
    const engine = await ScriptedEngine.start({ autoPong: false });
    const sdk = pathToFileURL(`${import.meta.dirname}/../../dist/index.js`).href;
    const program = `
      import { registerWorker } from ${JSON.stringify(sdk)};
      const worker = registerWorker(${JSON.stringify(engine.url)}, { otel: { enabled: false } });
      worker.addConnectionStateListener((state) => {
        if (state !== 'connected') return;
        setImmediate(() => {
          for (let n = 1; n <= 3; n++)
            worker.trigger({ function_id: 'audit::note', payload: n, action: { type: 'void' } });
          process.exit();
        });
      });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' });
    const connection = await engine.connection(0);
    for (const n of [1, 2, 3]) {
      expect(await connection.frame((frame) => frame.data === n)).toMatchObject({
        function_id: 'audit::note',
      });
    }
    if (child.exitCode === null) await once(child, 'exit');
    await engine.stop();
  });
});
