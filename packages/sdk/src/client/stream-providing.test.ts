import { describe, expect, it, vi } from 'vitest';
import { createStream } from '../helpers.js';
import type { IStream } from '../stream.js';
import { connectedClient } from '../test-support.js';

class Stream implements IStream<number> {
  value = 5;
  get = vi.fn();
  set = vi.fn();
  delete = vi.fn();
  list() {
    return Promise.resolve([this.value]);
  }
  listGroups = vi.fn();
  update = vi.fn();
}

const FIVE = ['get', 'set', 'delete', 'list', 'list_groups'].map((name) => `stream::${name}(chat)`);

describe('a stream that a program keeps', () => {
  it('is offered as functions, with the stream as their this', async () => {
    const { client, link } = connectedClient();
    client.createStream('chat', new Stream());
    expect(link.take().map(({ id }) => id)).toEqual([...FIVE, 'stream::update(chat)']);
    link.receive({ type: 'invokefunction', invocation_id: 'i', function_id: 'stream::list(chat)', data: {} });
    await vi.waitFor(() => expect(link.sent).toHaveLength(1));
    expect(link.sent[0]).toMatchObject({ result: [5] });
  });

  it('may also be made by the helper, which official programs use', () => {
    const { client, link } = connectedClient();
    createStream(client, 'chat', new Stream());
    expect(link.take()).toHaveLength(6);
    expect(createStream.length).toBe(3);
  });

  it('offers no update when it has none', () => {
    const { client, link } = connectedClient();
    client.createStream('chat', Object.assign(new Stream(), { update: undefined }) as never);
    expect(link.take().map(({ id }) => id)).toEqual(FIVE);
  });

  it('is withdrawn whole, and may be offered again', () => {
    const { client, link } = connectedClient();
    const stream = client.createStream('chat', new Stream());
    link.take();
    stream.unregister();
    expect(link.take()).toEqual(
      [...FIVE, 'stream::update(chat)'].map((id) => ({ type: 'unregisterfunction', id })),
    );
    client.createStream('chat', new Stream());
    expect(link.take()).toHaveLength(6);
  });

  it('is not offered at all when part of it cannot be', () => {
    const { client, link } = connectedClient();
    client.registerFunction('stream::list(chat)', () => []);
    link.take();
    expect(() => client.createStream('chat', new Stream())).toThrow('stream::list(chat)');
    const frames = link.take();
    expect(frames.filter(({ type }) => type === 'registerfunction')).toHaveLength(3);
    expect(frames.filter(({ type }) => type === 'unregisterfunction')).toHaveLength(3);
    const lacking = Object.assign(new Stream(), { set: undefined }) as never;
    expect(() => client.createStream('other', lacking)).toThrow('the stream "other" has no method set()');
  });
});
