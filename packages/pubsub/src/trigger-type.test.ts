import { rawCalls } from 'iii-sdk/link';
import { LogBook, TestEngine } from 'iii-testing';
import { readConfig } from 'iii-worker';
import { describe, expect, it } from 'vitest';
import { PubsubConfig } from './config.js';
import { MessageBudget } from './delivery/message.js';
import { Subscribers } from './delivery/subscribers.js';
import { Inbox, TestBed, told } from './test-support.js';
import type { Transport } from './transport.js';
import { serveTriggerType } from './trigger-type.js';

describe('a subscribe trigger', () => {
  it.each([
    [{}, 'topic is missing'],
    [null, 'topic is missing'],
    ['text', 'topic is missing'],
    [{ topic: '' }, 'topic is ""'],
    [{ topic: 5 }, 'topic is 5'],
    [{ topic: null }, 'topic is null'],
    [{ topic: 'x'.repeat(1025) }, 'the topic has 1025 characters'],
  ])('with the config %j is refused', async (config, reason) => {
    await using bed = await TestBed.open();
    expect(await bed.refusal(config)).toContain(reason);
  });

  it.each([
    { topic: 't', condition_function_id: 5 },
    { topic: 't', condition_function_id: '' },
    { topic: 't', condition_function_id: null, other: 1 },
  ])('with the config %j has no condition', async (config) => {
    await using bed = await TestBed.open();
    const inbox = new Inbox();
    await bed.subscribe('t', inbox.take, { config });
    await bed.publish('t', 1);
    expect(await inbox.filled(1)).toEqual([1]);
  });

  it('that comes before the worker gets messages once it is there', async () => {
    await using bed = await TestBed.open();
    await bed.pubsub.stop();
    const inbox = new Inbox();
    await bed.subscribe('t', inbox.take);
    await expect(bed.publish('t', 1)).rejects.toMatchObject({ code: 'function_not_found' });
    const { pubsubWorker } = await import('./worker.js');
    await bed.engine.start(pubsubWorker);
    await told(bed.app);
    await bed.publish('t', 2);
    expect(await inbox.filled(1)).toEqual([2]);
  });
});

/** The trigger type over a transport that is told what to answer. */
async function served(transport: Partial<Transport>) {
  const engine = new TestEngine();
  const log = new LogBook();
  const iii = await engine.client('pubsub');
  const subscribers = new Subscribers({
    calls: rawCalls(iii),
    budget: new MessageBudget(() => 1_000),
    config: () => readConfig('iii-pubsub', PubsubConfig, {}),
    logger: log,
  });
  const joined: string[] = [];
  const stop = serveTriggerType(
    iii,
    subscribers,
    {
      publish: async () => {},
      join: async (topic) => void joined.push(topic),
      leave: (topic) => void joined.splice(joined.indexOf(topic), 1),
      close: async () => {},
      ...transport,
    },
    log,
  );
  const app = await engine.client('app');
  const bind = (id: string, topic: string) =>
    app.trigger({
      function_id: 'engine::register_trigger',
      payload: { id, trigger_type: 'subscribe', function_id: 'f', config: { topic } },
    });
  return { engine, subscribers, joined, stop, bind, app };
}

describe('the transport', () => {
  it('has joined what is subscribed to, once for each, and left what is not any more', async () => {
    const { engine, joined, bind, app, stop, subscribers } = await served({});
    const { id } = (await bind('', 'a')) as { id: string };
    await bind('', 'a');
    await bind('', 'b.#');
    expect(joined).toEqual(['a', 'a', 'b.#']);
    await app.trigger({ function_id: 'engine::unregister_trigger', payload: { id } });
    await told(app);
    expect(joined).toEqual(['a', 'b.#']);
    stop();
    expect([joined, subscribers.ids]).toEqual([[], []]);
    await engine.close();
  });

  it('that cannot join a topic has the trigger refused, and nothing kept of it', async () => {
    const { engine, bind, subscribers } = await served({ join: () => Promise.reject(new Error('down')) });
    await expect(bind('', 'a')).rejects.toMatchObject({
      code: 'trigger_registration_failed',
      message: expect.stringContaining('"a" (down)') as string,
    });
    expect(subscribers.ids).toEqual([]);
    await engine.close();
  });
});

describe('a configuration', () => {
  it.each([
    {},
    { adapter: null },
    { adapter: { name: 'local' } },
    { adapter: { name: 'local', config: {} } },
  ])('%j is the local adapter', (given) =>
    expect(readConfig('iii-pubsub', PubsubConfig, given)).toMatchObject({ max_in_flight: 64 }),
  );

  it.each([
    [{ adapter: { name: 'does-not-exist' } }, /adapter/],
    [{ adapter: { name: 'local', stray: 1 } }, /adapter/],
    [{ adapter: { name: 'local', config: { redis_url: 'x' } } }, /adapter/],
    [{ unknown: 1 }, /unknown: is not known/],
  ])('%j is refused', (given, reason) => {
    expect(() => readConfig('iii-pubsub', PubsubConfig, given)).toThrow(reason);
  });
});
