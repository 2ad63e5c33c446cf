import { expect } from 'vitest';
import { type OfficialClient, offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

/** What arrives at a handler, and a way to wait for so much of it. */
class Inbox {
  readonly items: unknown[] = [];
  #awaited: Array<() => void> = [];

  readonly take = async (item: unknown): Promise<void> => {
    this.items.push(item);
    for (const resolve of this.#awaited.splice(0)) resolve();
  };

  async filled(count: number): Promise<unknown[]> {
    while (this.items.length < count) await new Promise<void>((resolve) => this.#awaited.push(resolve));
    return this.items;
  }
}

let count = 0;

async function subscribe(
  client: OfficialClient,
  config: object,
  handler: (data: unknown) => Promise<unknown>,
) {
  const function_id = `subscriber::${count++}`;
  client.registerFunction(function_id, handler);
  const trigger = client.registerTrigger({ type: 'subscribe', function_id, config });
  await offered(client, function_id);
  return trigger;
}

const publish = (client: OfficialClient, payload: object) =>
  client.trigger({ function_id: 'publish', payload });

await onBothDrivers(
  'topics of official clients',
  (bench, check) => {
    check('§6.4.1, 2: refuse an empty topic, and a message without data', async () => {
      const client = bench.official('publisher');
      await expect(publish(client, { topic: '', data: 1 })).rejects.toMatchObject({ code: 'topic_not_set' });
      await expect(publish(client, { topic: 't' })).rejects.toMatchObject({
        code: 'deserialization_error',
        message: expect.stringMatching(/publish.*data/s) as string,
      });
      await expect(publish(client, { topic: 't', data: undefined })).rejects.toMatchObject({
        code: 'deserialization_error',
      });
    });

    check('§6.4.3: take a message nobody is subscribed to, and answer nothing', async () => {
      const client = bench.official('publisher');
      expect(await publish(client, { topic: 'nobody', data: 1 })).toBeUndefined();
      const wire = await bench.worker('wire');
      expect(await wire.call('publish', { topic: 'nobody', data: 1 })).not.toHaveProperty('result');
    });

    check('§6.4.4, 5: have every subscriber get every message, also when one of them leaves', async () => {
      const client = bench.official('subscriber');
      const [leaves, stays] = [new Inbox(), new Inbox()];
      const trigger = await subscribe(client, { topic: 'two.subscribers' }, leaves.take);
      await subscribe(client, { topic: 'two.subscribers' }, stays.take);
      await publish(client, { topic: 'two.subscribers', data: { message: 1 } });
      expect([await leaves.filled(1), await stays.filled(1)]).toEqual([[{ message: 1 }], [{ message: 1 }]]);
      trigger.unregister();
      await publish(client, { topic: 'two.subscribers', data: { message: 2 } });
      expect(await stays.filled(2)).toEqual([{ message: 1 }, { message: 2 }]);
      expect(leaves.items).toHaveLength(1);
    });

    check('§6.4.5: keep it when another worker of the topic disconnects, and has come back', async () => {
      const proxy = await bench.proxy();
      const [stayer, leaver] = [bench.official('stayer'), bench.official('leaver', {}, proxy.url)];
      const [stays, returns] = [new Inbox(), new Inbox()];
      await subscribe(stayer, { topic: 'cut' }, stays.take);
      await subscribe(leaver, { topic: 'cut' }, returns.take);
      await publish(stayer, { topic: 'cut', data: 'before' });
      await returns.filled(1);
      proxy.cut();
      await publish(stayer, { topic: 'cut', data: 'while away' });
      expect(await stays.filled(2)).toEqual(['before', 'while away']);
      for (let n = 0; !returns.items.includes(n - 1) || n === 0; n++)
        await publish(stayer, { topic: 'cut', data: n });
      // Back under its ids, it is there once.
      const numbers = returns.items.filter((item) => typeof item === 'number');
      expect(new Set(numbers).size).toBe(numbers.length);
    });

    check('§6.4.6: deliver exactly what was published, in order', async () => {
      const client = bench.official('subscriber');
      const inbox = new Inbox();
      await subscribe(client, { topic: 'exact' }, inbox.take);
      const all = [null, 's', [1], { a: { b: null } }, 0, false, ''];
      for (const data of all) await publish(client, { topic: 'exact', data });
      expect(await inbox.filled(all.length)).toEqual(all);
    });

    check('§6.4.7: leave the publisher and the others alone when a subscriber throws', async () => {
      const client = bench.official('subscriber');
      const inbox = new Inbox();
      await subscribe(client, { topic: 'throws' }, async () => {
        throw new Error('no');
      });
      await subscribe(client, { topic: 'throws' }, inbox.take);
      expect(await publish(client, { topic: 'throws', data: 1 })).toBeUndefined();
      expect(await inbox.filled(1)).toEqual([1]);
    });

    check('keep topics apart, and match patterns', async () => {
      const client = bench.official('subscriber');
      const [one, pattern] = [new Inbox(), new Inbox()];
      await subscribe(client, { topic: 'apart.a' }, one.take);
      await subscribe(client, { topic: 'apart.*' }, pattern.take);
      for (const topic of ['apart.b', 'apart', 'apart.a']) await publish(client, { topic, data: topic });
      expect(await pattern.filled(2)).toEqual(['apart.b', 'apart.a']);
      expect(await one.filled(1)).toEqual(['apart.a']);
    });

    check('ask conditions, and hand on metadata', async () => {
      const client = bench.official('subscriber');
      const inbox = new Inbox();
      client.registerFunction('big', async ({ n }: { n: number }) => n > 1);
      client.registerFunction('told', async (data, metadata) => inbox.take([data, metadata]));
      client.registerTrigger({
        type: 'subscribe',
        function_id: 'told',
        config: { topic: 'conditions', condition_function_id: 'big' },
        metadata: { tenant: 'x' },
      });
      await offered(client, 'told');
      for (const n of [1, 2]) await publish(client, { topic: 'conditions', data: { n } });
      expect(await inbox.filled(1)).toEqual([[{ n: 2 }, { tenant: 'x' }]]);
    });

    check('replace a trigger that is registered again under its id', async () => {
      const wire = await bench.worker('wire');
      wire.offer('again');
      const id = crypto.randomUUID();
      for (const topic of ['first', 'second']) {
        wire.send({
          type: 'registertrigger',
          id,
          trigger_type: 'subscribe',
          function_id: 'again',
          config: { topic },
        });
      }
      for (const topic of ['first', 'second']) await wire.call('publish', { topic, data: topic });
      expect(await wire.invocation()).toMatchObject({ function_id: 'again', data: 'second' });
      await wire.call('publish', { topic: 'second', data: 'last' });
      expect(await wire.invocation()).toMatchObject({ data: 'last' });
    });

    check('refuse a trigger without a topic', async () => {
      const wire = await bench.worker('wire');
      const id = crypto.randomUUID();
      wire.send({ type: 'registertrigger', id, trigger_type: 'subscribe', function_id: 'f', config: {} });
      const { error } = await wire.frame(
        (frame) => frame.type === 'triggerregistrationresult' && frame.id === id,
      );
      expect(error).toMatchObject({
        code: 'trigger_registration_failed',
        message: expect.stringContaining('topic') as string,
      });
    });
  },
  { config: 'workers: [{ name: iii-worker-manager, config: { port: 0 } }, { name: pubsub }]\n' },
);
