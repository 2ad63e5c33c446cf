import type { IIIClient } from 'iii-sdk';
import { TestEngine } from 'iii-testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closedPort, run } from '../test-support.js';

describe('iii channels', () => {
  let engine: TestEngine;
  let worker: IIIClient;
  let url: string;
  const channels = (...args: string[]) => run(['channels', '--url', url, ...args]);

  beforeAll(async () => {
    engine = new TestEngine();
    url = await engine.listen();
    worker = await engine.client('streamer');
  });

  afterAll(() => engine.close());

  it('says so when nothing is moving', async () => {
    expect(await channels()).toMatchObject({
      status: 0,
      stdout: 'No channels: nothing is moving between workers now.\n',
      stderr: '',
    });
  });

  it('shows both ends, what has moved, and what waits', async () => {
    const { writer, reader, readerRef } = await worker.createChannel();
    reader.stream.once('data', () => {});
    await new Promise<void>((resolve) => {
      reader.stream.once('data', () => resolve());
      writer.stream.write(Buffer.alloc(3_000));
    });
    const { status, stdout } = await channels();
    const [titles, row, empty, progress] = stdout.split('\n');
    expect(titles).toMatch(/^CHANNEL +MADE BY +ENDS +MOVED +PER SECOND +WAITING +AGE$/);
    expect(row).toContain(`${readerRef.channel_id}  streamer `);
    expect(row).toContain('attached → attached');
    expect(row).toContain('2.9 KiB');
    expect([empty, progress]).toEqual([
      '',
      expect.stringMatching(/^1 channel, 1 moving, .* per second in all$/),
    ]);
    expect(status).toBe(0);
    const { channels: rows } = JSON.parse((await channels('--json')).stdout) as { channels: object[] };
    expect(rows).toMatchObject([{ channel_id: readerRef.channel_id, bytes: 3_000, writer: 'attached' }]);
    expect((await channels('--json')).stdout).not.toContain(readerRef.access_key);
    reader.stream.destroy();
    writer.stream.destroy();
  });

  it('says what it is for, and what is wrong', async () => {
    const help = await run(['channels', '--help']);
    expect(help.stdout).toContain('watch -n 1 iii channels');
    const port = await closedPort();
    const { status, stderr } = await run(['channels', '--port', String(port)]);
    expect([status, stderr]).toEqual([1, expect.stringContaining('cannot reach')]);
  });
});
