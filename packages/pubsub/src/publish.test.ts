import { rawFromText, textOfRaw } from 'iii-protocol';
import { rawCalls } from 'iii-sdk/link';
import { describe, expect, it } from 'vitest';
import { offerPublish } from './publish.js';
import { Inbox, TestBed, told } from './test-support.js';

describe('publish', () => {
  it.each([
    [{ topic: '', data: 1 }, 'topic_not_set', 'the topic is empty'],
    [{ topic: 'a' }, 'deserialization_error', 'publish: missing field data'],
    [{ data: 1 }, 'deserialization_error', 'publish: missing field topic'],
    [
      { topic: 5, data: 1 },
      'deserialization_error',
      'publish: field topic: expected text, not a value of type number',
    ],
    [{ topic: null, data: 1 }, 'deserialization_error', 'field topic: expected text, not null'],
    [{ topic: ['a'], data: 1 }, 'deserialization_error', 'field topic: expected text, not a list'],
    ['text', 'deserialization_error', 'publish: expected an object'],
    [null, 'deserialization_error', 'publish: expected an object'],
    [[], 'deserialization_error', 'publish: expected an object'],
    [{ topic: 'x'.repeat(1025), data: 1 }, 'topic_too_long', 'the topic has 1025 characters'],
  ])('refuses %j with %s', async (payload, code, message) => {
    await using bed = await TestBed.open();
    await expect(bed.app.trigger({ function_id: 'publish', payload })).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message) as string,
    });
  });

  it('delivers nothing when it refuses', async () => {
    await using bed = await TestBed.open();
    const inbox = new Inbox();
    await bed.subscribe('#', inbox.take);
    await expect(bed.publish('', 1)).rejects.toMatchObject({ code: 'topic_not_set' });
    await bed.publish('after', 2);
    expect(await inbox.filled(1)).toEqual([2]);
  });

  it('answers nothing, with subscribers and without', async () => {
    await using bed = await TestBed.open();
    const raw = rawCalls(bed.app);
    const payload = rawFromText('{"topic":"t","data":{}}');
    expect(await raw.trigger({ function_id: 'publish', payload })).toBeUndefined();
    await bed.subscribe('t', () => 'an answer nobody asks for');
    expect(await raw.trigger({ function_id: 'publish', payload })).toBeUndefined();
  });

  it.each([null, 's', [1], 0, false, '', { a: { b: [] } }])('delivers exactly %j', async (data) => {
    await using bed = await TestBed.open();
    const inbox = new Inbox();
    await bed.subscribe('t', inbox.take);
    await bed.publish('t', data);
    expect(await inbox.filled(1)).toEqual([data]);
  });

  it('delivers numbers with every digit, and the last of members that are there twice', async () => {
    await using bed = await TestBed.open();
    const inbox = new Inbox<string>();
    const raw = rawCalls(bed.app);
    raw.registerFunction('raw', (data) => inbox.take(textOfRaw(data)) as undefined);
    bed.app.registerTrigger({ type: 'subscribe', function_id: 'raw', config: { topic: 't' } });
    await told(bed.app);
    await raw.trigger({
      function_id: 'publish',
      payload: rawFromText(
        '{"topic":"other","data":0,"data":{"n":18446744073709551615,"f":1.0},"topic":"t"}',
      ),
    });
    expect(await inbox.filled(1)).toEqual(['{"n":18446744073709551615,"f":1.0}']);
  });

  it('says so when the transport did not take the message', async () => {
    await using bed = await TestBed.open();
    await bed.pubsub.stop();
    await told(bed.app);
    offerPublish(bed.app, {
      publish: () => Promise.reject(new Error('no connection')),
      join: async () => {},
      leave: () => {},
      close: async () => {},
    });
    await expect(bed.publish('t', 1)).rejects.toMatchObject({
      code: 'PUBLISH_ERROR',
      message: expect.stringContaining('the message to "t" was not sent (no connection)') as string,
    });
  });
});
