import type { IStream } from 'iii-sdk/stream';
import { describe, expect, it, vi } from 'vitest';
import { Inbox, TestBed } from '../test-support.js';
import { KeyedLock } from './keyed-lock.js';

const item = (item_id: string, group_id = 'g') => ({ stream_name: 'p', group_id, item_id });

/** A stream a program keeps in a map. */
class MapStream implements IStream<unknown> {
  readonly items = new Map<string, unknown>();
  readonly update = vi.fn<IStream<unknown>['update']>();
  async get({ item_id }: { item_id: string }) {
    return this.items.get(item_id) ?? null;
  }
  async set({ item_id, data }: { item_id: string; data: unknown }) {
    const old_value = this.items.get(item_id);
    this.items.set(item_id, data);
    return { old_value, new_value: data };
  }
  async delete({ item_id }: { item_id: string }) {
    const old_value = this.items.get(item_id);
    this.items.delete(item_id);
    return { old_value };
  }
  async list() {
    return [...this.items.values()];
  }
  async listGroups() {
    return ['of', 'its', 'own'];
  }
}

describe('a stream that another worker keeps', () => {
  it('is what every operation reaches, at once', async () => {
    await using bed = await TestBed.open();
    const stream = new MapStream();
    bed.app.createStream('p', stream);
    expect(await bed.call('stream::set', { ...item('a'), data: 1 })).toEqual({
      old_value: null,
      new_value: 1,
    });
    expect(await bed.call('stream::set', { ...item('a'), data: 2 })).toEqual({ old_value: 1, new_value: 2 });
    expect(await bed.call('stream::get', item('a'))).toBe(2);
    expect(await bed.call('stream::list', { stream_name: 'p', group_id: 'g' })).toEqual([2]);
    expect(await bed.call('stream::list_groups', { stream_name: 'p' })).toEqual(['of', 'its', 'own']);
    expect(await bed.call('stream::delete', item('a'))).toEqual({ old_value: 2 });
    expect(await bed.call('stream::get', item('a'))).toBeUndefined();
    expect(await bed.call('stream::list_all', {})).toEqual({ stream: [], count: 0 });
  });

  it('has its events, sockets and snapshots like any other', async () => {
    await using bed = await TestBed.open();
    bed.app.createStream('p', new MapStream());
    const events = new Inbox<{ event: unknown }>();
    await bed.bind('stream', { stream_name: 'p' }, events.put);
    await bed.call('stream::set', { ...item('a'), data: 1 });
    const peer = await bed.connect();
    peer.join('p', 'g');
    expect(await peer.event()).toEqual({ type: 'sync', data: [1] });
    await bed.call('stream::set', { ...item('a'), data: 2 });
    await bed.call('stream::delete', item('a'));
    await bed.call('stream::delete', item('a'));
    const expected = [
      { type: 'create', data: 1 },
      { type: 'update', data: 2 },
      { type: 'delete', data: 2 },
    ];
    expect((await events.count(3)).map(({ event }) => event)).toEqual(expected);
    expect([await peer.event(), await peer.event()]).toEqual(expected.slice(1));
  });

  it('is updated by its own update, where it has one', async () => {
    await using bed = await TestBed.open();
    const stream = new MapStream();
    const ops = [{ type: 'set', path: 'a', value: 1 }];
    stream.update.mockImplementation(async (input) => ({
      old_value: { n: 1 },
      new_value: input.ops,
      errors: [],
    }));
    bed.app.createStream('p', stream);
    expect(await bed.call('stream::update', { ...item('a'), ops })).toEqual({
      old_value: { n: 1 },
      new_value: ops,
    });
  });

  it('is updated by reading and setting where it has none, one at a time', async () => {
    await using bed = await TestBed.open();
    const stream = new MapStream();
    bed.app.createStream('p', Object.assign(stream, { update: undefined }) as never);
    const ops = [{ type: 'increment', path: 'n', by: 1 }];
    await Promise.all(Array.from({ length: 20 }, () => bed.call('stream::update', { ...item('a'), ops })));
    expect(stream.items.get('a')).toEqual({ n: 20 });
    expect(
      await bed.call('stream::update', {
        ...item('a'),
        ops: [{ type: 'increment', path: '__proto__', by: 1 }],
      }),
    ).toEqual({
      old_value: { n: 20 },
      new_value: { n: 20 },
      errors: [expect.objectContaining({ op_index: 0, code: 'increment.path.proto_polluted' })],
    });
  });

  it('is not taken over while its worker is gone, and goes on when it comes back', async () => {
    await using bed = await TestBed.open();
    const stream = bed.app.createStream('p', new MapStream());
    await bed.call('stream::set', { ...item('a'), data: 1 });
    await bed.call('stream::update', { ...item('a'), ops: [] }).catch(() => {});
    stream.unregister();
    const { code, message } = await bed.failure('stream::set', { ...item('a'), data: 2 });
    expect(code).toBe('STREAM_PROVIDER_UNAVAILABLE');
    expect(message).toContain('stream::set(p)');
    expect((await bed.failure('stream::update', { ...item('a'), ops: [] })).code).toBe(
      'STREAM_PROVIDER_UNAVAILABLE',
    );
    bed.app.createStream('p', new MapStream());
    expect(await bed.call('stream::set', { ...item('a'), data: 2 })).toEqual({
      old_value: null,
      new_value: 2,
    });
  });

  it('that offers an update no more is updated by its get and set', async () => {
    await using bed = await TestBed.open();
    const stream = new MapStream();
    stream.update.mockResolvedValue({ new_value: 'its own' });
    const first = bed.app.createStream('p', stream);
    const update = () => bed.call('stream::update', { ...item('a'), ops: [] });
    expect(await update()).toEqual({ old_value: null, new_value: 'its own' });
    first.unregister();
    bed.app.createStream('p', Object.assign(new MapStream(), { update: undefined }) as never);
    expect(await update()).toEqual({ old_value: null, new_value: {} });
  });

  it('is found in whichever namespace it is', async () => {
    await using bed = await TestBed.open();
    await bed.engine.listen();
    const { registerWorker } = await import('iii-sdk');
    vi.spyOn(console, 'debug').mockImplementation(() => {});
    const elsewhere = registerWorker(await bed.engine.listen(), {
      workerName: 'elsewhere',
      namespace: 'blue',
    });
    await elsewhere.ready();
    elsewhere.createStream('p', new MapStream());
    await elsewhere.trigger({ function_id: 'engine::functions::list' });
    expect(await bed.call('stream::set', { ...item('a'), data: 1 })).toEqual({
      old_value: null,
      new_value: 1,
    });
    expect(await bed.call('stream::list_all', {})).toMatchObject({ count: 0 });
    await elsewhere.shutdown();
    vi.restoreAllMocks();
  });

  it.each([
    ['set', () => undefined, 'STREAM_SET_ERROR', 'stream::set(p) returned nothing'],
    ['set', () => ({ old_value: 1 }), 'JSON_ERROR', 'new_value is missing'],
    ['set', () => 'text', 'JSON_ERROR', 'expected an object, not "text"'],
    ['delete', () => null, 'STREAM_DELETE_ERROR', 'stream::delete(p) returned nothing'],
    ['delete', () => [1], 'JSON_ERROR', 'expected an object, not [1]'],
    ['update', () => ({}), 'JSON_ERROR', 'new_value is missing'],
    ['set', fail, 'STREAM_SET_ERROR', 'stream::set(p) failed with OUT_OF_ORDER: not today'],
    ['delete', fail, 'STREAM_DELETE_ERROR', 'OUT_OF_ORDER'],
    ['update', fail, 'STREAM_UPDATE_ERROR', 'OUT_OF_ORDER'],
    ['get', fail, 'OUT_OF_ORDER', 'not today'],
    ['list', fail, 'OUT_OF_ORDER', 'not today'],
    ['list_groups', fail, 'OUT_OF_ORDER', 'not today'],
  ])('whose %s answers wrongly fails: %s', async (operation, handler, code, message) => {
    await using bed = await TestBed.open();
    const events = new Inbox<unknown>();
    await bed.bind('stream', { stream_name: 'p' }, events.put);
    bed.app.registerFunction(`stream::${operation}(p)`, handler);
    const failure = await bed.failure(`stream::${operation}`, { ...item('a'), data: 1, ops: [] });
    expect(failure.code).toBe(code);
    expect(failure.message).toContain(message);
    expect(events.items).toEqual([]);
  });

  it('whose function calls one that is missing has failed, and is not away', async () => {
    await using bed = await TestBed.open();
    bed.app.registerFunction('stream::get(p)', () => bed.app.trigger({ function_id: 'missing' }));
    expect((await bed.failure('stream::get', item('a'))).code).not.toBe('STREAM_PROVIDER_UNAVAILABLE');
  });
});

async function fail(): Promise<never> {
  const { HandlerError } = await import('iii-sdk');
  throw new HandlerError('OUT_OF_ORDER', 'not today');
}

describe('a lock by key', () => {
  it('holds back what shares the key, also behind a failure, and keeps nothing', async () => {
    const lock = new KeyedLock();
    const order: string[] = [];
    const work = (name: string) => async () => {
      order.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      order.push(`${name} ends`);
      if (name === 'a1') throw new Error('a1 failed');
    };
    const [first] = await Promise.allSettled([
      lock.run('a', work('a1')),
      lock.run('a', work('a2')),
      lock.run('b', work('b')),
    ]);
    expect(first).toMatchObject({ status: 'rejected' });
    expect(order.indexOf('a2 begins')).toBeGreaterThan(order.indexOf('a1 ends'));
    expect(order.indexOf('b begins')).toBeLessThan(order.indexOf('a1 ends'));
    expect(lock.size).toBe(0);
  });
});
