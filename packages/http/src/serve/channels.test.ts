import type { ChannelReader, ChannelWriter, IIIClient } from 'iii-sdk';
import { gate, TestEngine } from 'iii-testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openChannels, refsOf } from './channels.js';

describe('the channels of a request', () => {
  let engine: TestEngine;
  let iii: IIIClient;

  beforeEach(async () => {
    engine = new TestEngine();
    iii = await engine.client();
  });
  afterEach(() => engine.close());

  const list = async () =>
    (await iii.trigger<object, { channels: unknown[] }>({ function_id: 'engine::channels::list' })).channels;
  const left = (count: number) => vi.waitFor(async () => expect(await list()).toHaveLength(count));

  describe.each([
    ['offered', (client: IIIClient) => client],
    // A client that the link does not know: what a worker in a process of its own has.
    ['made', (client: IIIClient) => ({ ...client })],
  ])('%s', (_, as) => {
    it('are two, and the handler gets the other end of each', async () => {
      const refs = refsOf(await openChannels(as(iii)));
      expect(refs).toEqual({
        request_body: expect.objectContaining({ direction: 'read' }) as object,
        response: expect.objectContaining({ direction: 'write' }) as object,
      });
      expect(refs.request_body.channel_id).not.toBe(refs.response.channel_id);
      await left(2);
    });

    it('are removed one by one, although nobody has used them', async () => {
      const channels = await openChannels(as(iii));
      channels.response.remove();
      await left(1);
      channels.requestBody.remove();
      await left(0);
    });

    it('carry what the handler reads and writes', async () => {
      const { requestBody, response } = await openChannels(as(iii));
      requestBody.onUsed((stream) => stream.end('the body'));
      const answer = new Promise<Buffer>((resolve) => response.onUsed((reader) => resolve(reader.readAll())));
      const handler = await engine.client();
      handler.registerFunction('f', async (given) => {
        const { request_body, response: writer } = given as {
          request_body: ChannelReader;
          response: ChannelWriter;
        };
        writer.stream.end(`got ${String(await request_body.readAll())}`);
      });
      await iii.trigger({
        function_id: 'f',
        payload: { request_body: requestBody.ref, response: response.ref },
      });
      expect(String(await answer)).toBe('got the body');
      await left(0);
    });

    it('are removed with what is on its way, and again without harm', async () => {
      const channels = await openChannels(as(iii));
      channels.requestBody.onUsed((stream) => void stream.end(Buffer.alloc(1024 * 1024)));
      channels.response.onUsed(({ stream }) => void stream.resume());
      const handler = await engine.client();
      const reading = gate<ChannelReader>();
      handler.registerFunction('f', (given) => {
        const { request_body } = given as { request_body: ChannelReader };
        request_body.stream.once('readable', () => reading.open(request_body));
      });
      await iii.trigger({ function_id: 'f', payload: { request_body: channels.requestBody.ref } });
      const { stream } = await reading.opened;
      for (let i = 0; i < 2; i++) {
        channels.requestBody.remove();
        channels.response.remove();
      }
      await expect(stream.toArray()).rejects.toThrow('the request is over');
      await left(0);
    });
  });

  it('that are offered cost nothing until they are used', async () => {
    const { requestBody, response } = await openChannels(iii);
    const used = vi.fn();
    requestBody.onUsed(used);
    response.onUsed(used);
    await iii.trigger({ function_id: 'engine::channels::list' });
    expect(used).not.toHaveBeenCalled();
    requestBody.remove();
    response.remove();
    await left(0);
  });

  it.each([0, 1])('are not left behind when number %i cannot be made', async (failing) => {
    let calls = 0;
    const createChannel = () =>
      calls++ === failing ? Promise.reject(new Error('too many')) : iii.createChannel();
    await expect(openChannels({ ...iii, createChannel } as IIIClient)).rejects.toThrow('too many');
    await left(0);
  });
});
