import { expect } from 'vitest';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

await onBothDrivers(
  'the registration gate',
  (bench, check) => {
    const namespacesOf = async (id: string) => {
      const asker = await bench.wire();
      const answer = await asker.call('engine::functions::list', { include_internal: true });
      const { functions } = answer.result as { functions: Array<{ function_id: string; namespace: string }> };
      return functions.filter((f) => f.function_id === id).map((f) => f.namespace);
    };

    check('§20.6 what was offered before the announcement lands in its namespace, in order', async () => {
      const wire = await bench.wire();
      wire.offer('gate::kept').offer('gate::gone').send({ type: 'unregisterfunction', id: 'gate::gone' });
      await wire.settled();
      expect(await namespacesOf('gate::kept')).toEqual([]);
      wire.announce({ name: 'w', namespace: 'shop' });
      await wire.settled();
      expect(await namespacesOf('gate::kept')).toEqual(['shop']);
      expect(await namespacesOf('gate::gone')).toEqual([]);
    });

    check('§20.7 what is never announced lands in the default namespace, and stays there', async () => {
      const wire = await bench.wire();
      wire.offer('gate::silent');
      const asker = await bench.worker('asker');
      asker.offer('gate::changed').send({
        type: 'registertrigger',
        id: asker.nextId(),
        trigger_type: 'engine::functions-available',
        function_id: 'gate::changed',
        config: {},
      });
      await asker.frame(
        ({ type, data }) => type === 'invokefunction' && JSON.stringify(data).includes('gate::silent'),
      );
      expect(await namespacesOf('gate::silent')).toEqual(['default']);
      wire.announce({ namespace: 'shop' }).offer('gate::later');
      await wire.settled();
      expect(await namespacesOf('gate::later')).toEqual(['default']);
    });

    check('§20.6 an official client’s functions are there without delay', async () => {
      const client = bench.official('quick');
      client.registerFunction('gate::quick', async () => 1);
      await offered(client, 'gate::quick');
      expect(await namespacesOf('gate::quick')).toEqual(['default']);
    });

    check('an official client may call its own function before it is connected', async () => {
      const client = bench.official('early');
      client.registerFunction('gate::early', async () => 'mine');
      expect(await client.trigger({ function_id: 'gate::early', payload: {} })).toBe('mine');
    });
  },
  {
    config:
      'registration_namespace_grace_ms: 300\nworkers:\n  - { name: iii-worker-manager, config: { port: 0 } }\n',
  },
);
