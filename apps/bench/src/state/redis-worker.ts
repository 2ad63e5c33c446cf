import { registerWorker } from 'iii-sdk';
import { createClient } from 'redis';
import { tellUsage } from '../role-process.js';

/** What `state::set` and `state::get` do, by somebody who has Redis: the same payloads, the same results. */
const [address = '', redisPort = ''] = process.argv.slice(2);

interface Input {
  readonly scope: string;
  readonly key: string;
  readonly value: unknown;
}

const redis = createClient({ url: `redis://127.0.0.1:${redisPort}` });
await redis.connect();
const worker = registerWorker(address, { workerName: 'redis-worker', otel: { enabled: false } });

const nameOf = ({ scope, key }: Input) => `${scope}:${key}`;
const parsed = (text: unknown): unknown => (typeof text === 'string' ? JSON.parse(text) : null);

worker.registerFunction('redis::set', async (input: Input) => {
  const before = await redis.set(nameOf(input), JSON.stringify(input.value), { GET: true });
  return { old_value: parsed(before), new_value: input.value };
});
worker.registerFunction('redis::get', async (input: Input) => parsed(await redis.get(nameOf(input))));
worker.registerFunction('redis::fill', async ({ items }: { readonly items: readonly Input[] }) => {
  await redis.mSet(items.map((input): [string, string] => [nameOf(input), JSON.stringify(input.value)]));
  return null;
});

tellUsage();
process.send?.('ready');
