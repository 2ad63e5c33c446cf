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
  readonly texts: string[] = [];
  override _writev(chunks: ReadonlyArray<{ readonly chunk: unknown }>, done: () => void): void {
    this.batches.push(chunks.length);
    this.texts.push(...chunks.map(({ chunk }) => String(chunk)));
    done();
  }
  override _write(chunk: unknown, _encoding: string, done: () => void): void {
    this.batches.push(1);
    this.texts.push(String(chunk));
    done();
  }
}

/** Writes texts that leave as one with a comma between them. */
function batchingTo(kernel: Kernel): Batching {
  return new Batching(kernel, (texts) => kernel.write(texts.join()));
}

describe('messages of one go', () => {
  it('reach the kernel together, with those that promises send', async () => {
    const kernel = new Kernel();
    const batching = batchingTo(kernel);
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
    const batching = batchingTo(kernel);
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

  it('may leave as one message, sixteen at a time, and keep their place among others', async () => {
    const kernel = new Kernel();
    const batching = batchingTo(kernel);
    const send = (text: string) => {
      batching.begin();
      kernel.write(text);
    };
    for (const text of ['a', 'b']) batching.join(text);
    send('long');
    batching.join('c');
    send('long');
    for (let n = 0; n < 13; n++) batching.join(String(n));
    await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.texts).toEqual(['a,b', 'long', 'c', 'long', '0,1,2,3,4,5,6,7,8,9,10', '11,12']);
    expect(kernel.batches).toEqual([5, 1]);
  });

  it('leave no listener behind', async () => {
    const before = process.listenerCount('exit');
    const [one, two] = [batchingTo(new Kernel()), batchingTo(new Kernel())];
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
    batchingTo(kernel).begin();
    kernel.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(kernel.batches).toEqual([]);
  });

  it.each([
    ['one by one', []],
    ['together', ['batch']],
  ])('reach the engine though the program exits right after it has sent them %s', async (_, extensions) => {
    const engine = await ScriptedEngine.start({ autoPong: false });
    const sdk = pathToFileURL(`${import.meta.dirname}/../../dist/index.js`).href;
    const program = `
      import { registerWorker } from ${JSON.stringify(sdk)};
      const worker = registerWorker(${JSON.stringify(engine.url)}, { otel: { enabled: false } });
      await worker.ready();
      setImmediate(() => {
        for (let n = 1; n <= 3; n++)
          worker.trigger({ function_id: 'audit::note', payload: n, action: { type: 'void' } });
        process.exit();
      });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program], { stdio: 'inherit' });
    const connection = await engine.connection(0);
    connection.send({ type: 'workerregistered', worker_id: 'w-1', extensions });
    for (const n of [1, 2, 3]) {
      expect(await connection.frame((frame) => frame.data === n)).toMatchObject({
        function_id: 'audit::note',
      });
    }
    if (child.exitCode === null) await once(child, 'exit');
    await engine.stop();
  });
});
