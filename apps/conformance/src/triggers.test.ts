import { expect } from 'vitest';
import { type OfficialClient, offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

interface Binding {
  readonly id: string;
  readonly function_id: string;
  readonly config: unknown;
}

/** A provider of a trigger type that lets the test wait for what it is told. */
function provide(client: OfficialClient, type: string, refuse?: string) {
  const bound: Binding[] = [];
  const released: string[] = [];
  let waiting: Array<() => void> = [];
  const wake = () => {
    const woken = waiting;
    waiting = [];
    for (const resolve of woken) resolve();
  };
  client.registerTriggerType(
    { id: type, description: 'conformance' },
    {
      registerTrigger: async (binding) => {
        bound.push(binding as Binding);
        wake();
        if (refuse !== undefined) throw new Error(refuse);
      },
      unregisterTrigger: async ({ id }) => {
        released.push(id);
        wake();
      },
    },
  );
  const until = async (holds: () => boolean) => {
    while (!holds()) await new Promise<void>((resolve) => waiting.push(resolve));
  };
  return { bound, released, until };
}

await onBothDrivers('triggers', (bench, check) => {
  check('§20.20 a binding made before its provider becomes live when that appears', async () => {
    const owner = bench.official('owner');
    owner.registerFunction('hook::f', async () => 'fired');
    owner.registerTrigger({ type: 'hook-a', function_id: 'hook::f', config: { p: 1 } });
    await offered(owner, 'hook::f');
    const provider = bench.official('provider');
    const { bound, until } = provide(provider, 'hook-a');
    await until(() => bound.length === 1);
    expect(bound[0]).toMatchObject({ function_id: 'hook::f', config: { p: 1 } });
    expect(await provider.trigger({ function_id: bound[0]?.function_id ?? '', payload: {} })).toBe('fired');
  });

  check('§20.20 a provider that returns is given its bindings again, under the same ids', async () => {
    const owner = bench.official('owner');
    owner.registerFunction('hook::f', async () => 1);
    owner.registerTrigger({ type: 'hook-b', function_id: 'hook::f', config: {} });
    const first = bench.official('first');
    const before = provide(first, 'hook-b');
    await before.until(() => before.bound.length === 1);
    await first.shutdown();
    const second = bench.official('second');
    const after = provide(second, 'hook-b');
    await after.until(() => after.bound.length === 1);
    expect(after.bound[0]?.id).toBe(before.bound[0]?.id);
  });

  check('§20.20 a provider hears once that the owner of a binding is gone', async () => {
    const provider = bench.official('provider');
    const told = provide(provider, 'hook-c');
    const owner = bench.official('owner');
    owner.registerFunction('hook::f', async () => 1);
    owner.registerTrigger({ type: 'hook-c', function_id: 'hook::f', config: {} });
    await told.until(() => told.bound.length === 1);
    await owner.shutdown();
    await told.until(() => told.released.length === 1);
    await offered(provider, 'hook::f', false);
    expect(told.released).toEqual([told.bound[0]?.id]);
  });

  check('a binding that its owner withdraws is released', async () => {
    const provider = bench.official('provider');
    const told = provide(provider, 'hook-d');
    const trigger = bench.official('owner').registerTrigger({ type: 'hook-d', function_id: 'f', config: {} });
    await told.until(() => told.bound.length === 1);
    trigger.unregister();
    await told.until(() => told.released.length === 1);
    expect(told.released).toEqual([told.bound[0]?.id]);
  });

  check('a binding without a config reaches an official provider', async () => {
    const provider = bench.official('provider');
    const told = provide(provider, 'hook-e');
    bench.official('owner').registerTrigger({ type: 'hook-e', function_id: 'f', config: undefined });
    await told.until(() => told.bound.length === 1);
    expect(told.bound[0]?.config).toBeNull();
  });

  check('§20.24 a type that its provider withdraws leaves its bindings waiting', async () => {
    const provider = bench.official('provider');
    const told = provide(provider, 'hook-f');
    const owner = bench.official('owner');
    owner.registerTrigger({ type: 'hook-f', function_id: 'f', config: {} });
    await told.until(() => told.bound.length === 1);
    provider.unregisterTriggerType({ id: 'hook-f', description: 'conformance' });
    const id = told.bound[0]?.id;
    for (;;) {
      const { status } = await owner.trigger<object, { status: string }>({
        function_id: 'engine::registered-triggers::info',
        payload: { id },
      });
      if (status === 'pending') break;
    }
    const next = provide(bench.official('next'), 'hook-f');
    await next.until(() => next.bound.length === 1);
    expect(next.bound[0]?.id).toBe(id);
  });
});
