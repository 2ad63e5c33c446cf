import { settled } from 'iii-testing';
import { readConfig } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { PubsubConfig } from './config.js';
import { Inbox, TestBed, told } from './test-support.js';

const hang = () => new Promise<never>(() => {});

describe('subscribers of one topic', () => {
  it('all get every message, in the order of publishing', async () => {
    await using bed = await TestBed.open();
    const inboxes = [new Inbox(), new Inbox(), new Inbox()];
    for (const { take } of inboxes) await bed.subscribe('t', take);
    for (let n = 0; n < 200; n++) await bed.publish('t', n);
    const expected = Array.from({ length: 200 }, (_, n) => n);
    for (const inbox of inboxes) expect(await inbox.filled(200)).toEqual(expected);
  });

  it('may be the same function, several times', async () => {
    await using bed = await TestBed.open();
    const inbox = new Inbox();
    await bed.subscribe('t', inbox.take, { functionId: 'f' });
    bed.app.registerTrigger({ type: 'subscribe', function_id: 'f', config: { topic: 't' } });
    await told(bed.app);
    await bed.publish('t', 'twice');
    expect(await inbox.filled(2)).toEqual(['twice', 'twice']);
  });

  it('keep it when one of them leaves', async () => {
    await using bed = await TestBed.open();
    const [left, stays] = [new Inbox(), new Inbox()];
    const trigger = await bed.subscribe('t', left.take);
    await bed.subscribe('t', stays.take);
    trigger.unregister();
    await told(bed.app);
    await bed.publish('t', 1);
    expect(await stays.filled(1)).toEqual([1]);
    expect(left.items).toEqual([]);
  });

  it('keep it when the worker of one of them disconnects', async () => {
    await using bed = await TestBed.open();
    const other = await bed.engine.client('other');
    const [gone, stays] = [new Inbox(), new Inbox()];
    await bed.subscribe('t', gone.take, { on: other });
    await bed.subscribe('t', stays.take);
    await other.shutdown();
    await told(bed.app);
    await bed.publish('t', 1);
    expect(await stays.filled(1)).toEqual([1]);
    expect(gone.items).toEqual([]);
    expect(bed.log.of('error')).toEqual([]);
  });

  it('are not disturbed by one that throws, is missing, or hangs, and neither is the publisher', async () => {
    await using bed = await TestBed.open();
    const inbox = new Inbox();
    await bed.subscribe('t', () => {
      throw new Error('no');
    });
    await bed.subscribe('t', hang);
    bed.app.registerTrigger({ type: 'subscribe', function_id: 'missing', config: { topic: 't' } });
    await bed.subscribe('t', inbox.take);
    expect(await bed.publish('t', 1)).toBeUndefined();
    await bed.publish('t', 2);
    expect(await inbox.filled(2)).toEqual([1, 2]);
    await settled();
    // Each failing subscriber is told of once.
    expect(
      bed.log
        .of('error')
        .map(({ fields }) => fields.function_id)
        .sort(),
    ).toEqual(['handler::0', 'missing']);
  });
});

describe('a subscriber', () => {
  it('gets what matches its pattern, once', async () => {
    await using bed = await TestBed.open();
    const [any, one] = [new Inbox(), new Inbox()];
    await bed.subscribe('orders.#', any.take);
    await bed.subscribe('orders.*', one.take);
    for (const topic of ['orders', 'orders.created', 'orders.created.eu', 'other'])
      await bed.publish(topic, topic);
    expect(await any.filled(3)).toEqual(['orders', 'orders.created', 'orders.created.eu']);
    expect(await one.filled(1)).toEqual(['orders.created']);
  });

  it('gets the metadata of its trigger', async () => {
    await using bed = await TestBed.open();
    const inbox = new Inbox();
    await bed.subscribe('t', (data, metadata) => inbox.take([data, metadata]), { metadata: { tenant: 'x' } });
    await bed.publish('t', 1);
    expect(await inbox.filled(1)).toEqual([[1, { tenant: 'x' }]]);
  });

  it.each([
    ['true', () => true, true],
    ['"false"', () => 'false', true],
    ['{}', () => ({}), true],
    ['false', () => false, false],
    ['null', () => null, false],
    ['nothing', () => undefined, false],
    ['0', () => 0, false],
    ['""', () => '', false],
    ['an error', () => Promise.reject(new Error('no')), false],
  ])('whose condition answers %s: %#', async (_, condition, expected) => {
    await using bed = await TestBed.open();
    const [asked, inbox] = [new Inbox(), new Inbox()];
    let answer: () => unknown = condition;
    bed.app.registerFunction('condition', (data, metadata) => {
      asked.take([data, metadata]);
      return answer();
    });
    await bed.subscribe('t', inbox.take, {
      config: { condition_function_id: 'condition' },
      metadata: { not: 'for it' },
    });
    await bed.publish('t', 'first');
    await asked.filled(1);
    answer = () => true;
    await bed.publish('t', 'second');
    await inbox.filled(expected ? 2 : 1);
    expect(inbox.items).toEqual(expected ? ['first', 'second'] : ['second']);
    expect(asked.items[0]).toEqual(['first', undefined]);
  });

  it('is called in order, although its condition answers some later than others', async () => {
    await using bed = await TestBed.open();
    const inbox = new Inbox();
    const slow = new Map<number, () => void>();
    bed.app.registerFunction('condition', (n: number) =>
      n % 2 === 0 ? new Promise((resolve) => slow.set(n, () => resolve(true))) : true,
    );
    await bed.subscribe('t', inbox.take, { config: { condition_function_id: 'condition' } });
    for (let n = 0; n < 6; n++) await bed.publish('t', n);
    for (const n of [0, 2, 4]) {
      while (!slow.has(n)) await settled();
      expect(inbox.items).toHaveLength(n);
      slow.get(n)?.();
    }
    expect(await inbox.filled(6)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('finishes each message before the next begins where it is told to', async () => {
    await using bed = await TestBed.open({ max_in_flight: 1 });
    const inbox = new Inbox();
    let atWork = 0;
    await bed.subscribe('t', async (n) => {
      expect(++atWork).toBe(1);
      await settled();
      atWork--;
      inbox.take(n);
    });
    for (let n = 0; n < 20; n++) await bed.publish('t', n);
    expect(await inbox.filled(20)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  it('that has not answered in time is told to stop, and gets the next', async () => {
    await using bed = await TestBed.open({ max_in_flight: 1, delivery_timeout: 500 }, { clock: 'manual' });
    const [begun, stopped] = [new Inbox(), new Inbox()];
    await bed.subscribe('t', (n, _, { signal }) => {
      begun.take(n);
      signal.addEventListener('abort', () => stopped.take(n));
      return hang();
    });
    await bed.publish('t', 1);
    await bed.publish('t', 2);
    await begun.filled(1);
    expect(begun.items).toEqual([1]);
    await bed.engine.clock.advanceAsync(600);
    expect(await begun.filled(2)).toEqual([1, 2]);
    expect(await stopped.filled(1)).toEqual([1]);
  });

  it('that is too slow loses what comes beyond its budget, and is told of once until it has caught up', async () => {
    await using bed = await TestBed.open({ max_in_flight: 1, max_subscriber_bytes: 1_000 });
    const [begun, fast] = [new Inbox<string>(), new Inbox<string>()];
    const releases: Array<() => void> = [];
    await bed.subscribe('t', (text: string) => {
      begun.take(text);
      return new Promise<void>((resolve) => releases.push(resolve));
    });
    await bed.subscribe('t', fast.take);
    const messages = Array.from({ length: 20 }, (_, n) => `${n}`.padEnd(100, '.'));
    for (const message of messages) await bed.publish('t', message);
    expect(await fast.filled(20)).toEqual(messages);
    expect(bed.log.of('warn')).toHaveLength(1);
    for (let n = 1; bed.log.of('warn').length === 1; n++) {
      await begun.filled(n);
      releases[n - 1]?.();
      await settled();
    }
    // 230 bytes each: four of them, and those are the first.
    expect(begun.items).toEqual(messages.slice(0, 4));
    expect(bed.log.of('warn')[1]).toMatchObject({ fields: { dropped: 16 } });
    await bed.publish('t', 'caught up');
    expect((await begun.filled(5)).at(-1)).toBe('caught up');
  });

  it('that leaves while it is too slow gives back what waited, and is told of', async () => {
    await using bed = await TestBed.open({ max_in_flight: 1, max_subscriber_bytes: 300, max_bytes: 500 });
    const trigger = await bed.subscribe('t', () => Promise.resolve());
    trigger.unregister();
    const end = await bed.subscribe('t', hang);
    const inbox = new Inbox();
    for (let n = 0; n < 5; n++) await bed.publish('t', n);
    end.unregister();
    await told(bed.app);
    expect(bed.log.of('warn').map(({ message }) => message.split(':')[0])).toEqual([
      'a subscriber is too slow',
    ]);
    await bed.subscribe('t', inbox.take);
    await bed.publish('t', 'next');
    expect(await inbox.filled(1)).toEqual(['next']);
  });

  it('gets a message that is larger than its budget when nothing else waits', async () => {
    await using bed = await TestBed.open({ max_subscriber_bytes: 10, max_bytes: 10 });
    const inbox = new Inbox<string>();
    await bed.subscribe('t', inbox.take);
    await bed.publish('t', 'x'.repeat(1_000));
    expect((await inbox.filled(1))[0]).toHaveLength(1_000);
  });

  it('takes new limits without losing what waits', async () => {
    await using bed = await TestBed.open({ max_in_flight: 1 });
    const inbox = new Inbox();
    await bed.subscribe('t', (n) => {
      inbox.take(n);
      return hang();
    });
    await bed.publish('t', 1);
    await bed.publish('t', 2);
    await inbox.filled(1);
    await bed.pubsub.reconfigure?.(readConfig('iii-pubsub', PubsubConfig, { max_in_flight: 3 }));
    await bed.publish('t', 3);
    expect(await inbox.filled(3)).toEqual([1, 2, 3]);
  });
});

describe('all subscribers together', () => {
  it('keep no more than max_bytes, and a message for many of them once', async () => {
    await using bed = await TestBed.open({ max_in_flight: 1, max_bytes: 1_000 });
    for (const topic of ['a', 'a', 'a', 'b', 'b']) await bed.subscribe(topic, hang);
    const text = 'x'.repeat(170); // 300 bytes with quotes and overhead
    for (const topic of ['a', 'b', 'a']) await bed.publish(topic, text);
    expect(bed.log.of('warn')).toEqual([]);
    await bed.publish('b', text);
    expect(bed.log.of('warn')).toHaveLength(2);
  });

  it('let 990 of 1,000 have every message in order while 10 are stuck', async () => {
    await using bed = await TestBed.open({ max_subscriber_bytes: 1_000 });
    const counts = new Array<number>(1_000).fill(0);
    const outOfOrder: string[] = [];
    const done = new Inbox<number>();
    for (let index = 0; index < 1_000; index++) {
      const functionId = `crowd::${index}`;
      const isStuck = index % 100 === 50;
      bed.app.registerFunction(functionId, (n: number) => {
        if (isStuck) return hang();
        if (n !== counts[index]) outOfOrder.push(`${functionId} got ${n} after ${counts[index]} messages`);
        counts[index] = n + 1;
        if (n === 19) done.take(index);
        return undefined;
      });
      bed.app.registerTrigger({ type: 'subscribe', function_id: functionId, config: { topic: 'crowd' } });
    }
    await told(bed.app);
    for (let n = 0; n < 20; n++) await bed.publish('crowd', n);
    await done.filled(990);
    expect(outOfOrder).toEqual([]);
    expect(counts.filter((count) => count === 20)).toHaveLength(990);
    expect(bed.log.of('warn')).toHaveLength(10);
  });
});
