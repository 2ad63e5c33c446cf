import type { IIIClient } from 'iii-sdk';
import { TestEngine } from 'iii-testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestChannels } from './channels.js';

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

  it('are two, and the handler gets the other end of each', async () => {
    const { refs } = await RequestChannels.open(iii);
    expect(refs).toEqual({
      request_body: expect.objectContaining({ direction: 'read' }) as object,
      response: expect.objectContaining({ direction: 'write' }) as object,
    });
    expect(refs.request_body.channel_id).not.toBe(refs.response.channel_id);
    await left(2);
  });

  it('are removed one by one, although nobody has used them', async () => {
    const channels = await RequestChannels.open(iii);
    channels.removeResponse();
    await left(1);
    channels.removeRequestBody();
    await left(0);
  });

  it('are removed with what is on its way, and again without harm', async () => {
    const channels = await RequestChannels.open(iii);
    channels.requestBody.end(Buffer.alloc(1024 * 1024));
    channels.response.stream.resume();
    for (let i = 0; i < 2; i++) {
      channels.removeRequestBody();
      channels.removeResponse();
    }
    await left(0);
  });

  it.each([0, 1])('are not left behind when number %i cannot be made', async (failing) => {
    let calls = 0;
    const createChannel = () =>
      calls++ === failing ? Promise.reject(new Error('too many')) : iii.createChannel();
    await expect(RequestChannels.open({ ...iii, createChannel } as IIIClient)).rejects.toThrow('too many');
    await left(0);
  });
});
