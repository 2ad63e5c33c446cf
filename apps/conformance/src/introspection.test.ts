import { expect } from 'vitest';
import { offered } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';

type Row = Readonly<Record<string, unknown>>;

await onBothDrivers('introspection', (bench, check) => {
  async function world() {
    const worker = bench.official('math-worker', { workerDescription: 'adds' });
    worker.registerFunction('math::add', async () => 1, {
      description: 'Adds numbers',
      request_format: { type: 'object' },
      metadata: { n: 1 },
    });
    worker.registerFunction('math::secret', async () => 1, { metadata: { internal: true } });
    worker.registerFunction('engine::queue::list_topics', async () => []);
    worker.registerTriggerType(
      { id: 'hook', description: 'hooks' },
      { registerTrigger: async () => {}, unregisterTrigger: async () => {} },
    );
    worker.registerTrigger({ type: 'hook', function_id: 'math::add', config: { path: '/x' } });
    const asker = bench.official('asker');
    await offered(asker, 'engine::queue::list_topics');
    const ask = (id: string, payload: unknown = {}) => asker.trigger({ function_id: id, payload });
    const code = (id: string, payload: unknown) =>
      ask(id, payload).then(
        () => 'none',
        (error: { code: string }) => error.code,
      );
    const list = async (id: string, payload: unknown = {}) =>
      Object.values((await ask(id, payload)) as Record<string, Row[]>)[0] ?? [];
    return { ask, code, list };
  }

  check('§20.29 functions are listed, searched, ranked and filtered', async () => {
    const { list } = await world();
    const ids = async (payload: object) =>
      (await list('engine::functions::list', payload)).map((row) => row.function_id);
    expect(await ids({ worker: 'math-worker' })).toEqual(['engine::queue::list_topics', 'math::add']);
    expect(await ids({ worker: 'math-worker', include_internal: true })).toContain('math::secret');
    expect(await ids({ search: 'ADD', prefix: 'math::' })).toEqual(['math::add']);
    expect(await ids({ search: 'numbers' })).toEqual(['math::add']);
    expect(
      (await ids({ include_internal: true })).filter((id) => String(id).startsWith('engine::functions')),
    ).toEqual(['engine::functions::info', 'engine::functions::list']);
    expect(await list('engine::functions::list', { prefix: 'math::a' })).toEqual([
      {
        function_id: 'math::add',
        namespace: 'default',
        worker_name: 'math-worker',
        description: 'Adds numbers',
        metadata: { n: 1 },
      },
    ]);
  });

  check('§20.29 a function is described with schema and triggers', async () => {
    const { ask, code } = await world();
    expect(await ask('engine::functions::info', { function_id: 'math::add' })).toMatchObject({
      function_id: 'math::add',
      request_schema: { type: 'object' },
      registered_triggers: [{ trigger_type: 'hook', config: { path: '/x' } }],
    });
    expect(await ask('engine::functions::info', { function_ids: ['no::such', 'math::add'] })).toMatchObject({
      functions: [{ function_id: 'no::such', error: 'not_found' }, { function_id: 'math::add' }],
    });
    expect(await code('engine::functions::info', { function_id: 'no::such' })).toBe('NOT_FOUND');
    expect(await code('engine::functions::info', {})).toBe('INVALID_ARGUMENTS');
    expect(await code('engine::functions::info', { function_id: 1 })).toBe('deserialization_error');
  });

  check('§20.29 trigger types and triggers are listed and described', async () => {
    const { ask, code, list } = await world();
    const types = await list('engine::triggers::list');
    expect(types.map((row) => row.id)).toEqual(['hook', 'http']);
    expect(types[1]).toMatchObject({ worker_name: 'iii-http', description: expect.any(String) as string });
    expect(types[1]).not.toHaveProperty('configuration_schema');
    expect(await ask('engine::triggers::info', { id: 'hook' })).toMatchObject({ instance_count: 1 });
    expect(await ask('engine::triggers::info', { id: 'http' })).toMatchObject({
      configuration_schema: { type: 'object' },
    });
    expect(await code('engine::triggers::info', { id: 'none' })).toBe('NOT_FOUND');
    const [row] = await list('engine::registered-triggers::list', { trigger_type: 'hook' });
    expect(row).toMatchObject({
      trigger_type: 'hook',
      function_id: 'math::add',
      worker_name: 'math-worker',
      config_summary: '{"path":"/x"}',
    });
    expect(await ask('engine::registered-triggers::info', { id: row?.id })).toMatchObject({
      trigger: { id: 'hook' },
      function: { function_id: 'math::add' },
    });
    expect(await code('engine::registered-triggers::info', { id: 'none' })).toBe('NOT_FOUND');
  });

  check('§20.29 every function takes null for no arguments, or says what it needs', async () => {
    const { code } = await world();
    const outcomes = Object.fromEntries(
      await Promise.all(
        [
          'engine::functions::list',
          'engine::functions::info',
          'engine::triggers::list',
          'engine::triggers::info',
          'engine::registered-triggers::list',
          'engine::registered-triggers::info',
          'engine::workers::list',
          'engine::workers::info',
          'engine::register_trigger',
          'engine::unregister_trigger',
          'engine::trigger-types::list',
        ].map(async (id) => [id, await code(id, null)] as const),
      ),
    );
    expect(outcomes).toEqual({
      'engine::functions::list': 'none',
      'engine::functions::info': 'INVALID_ARGUMENTS',
      'engine::triggers::list': 'none',
      'engine::triggers::info': 'deserialization_error',
      'engine::registered-triggers::list': 'none',
      'engine::registered-triggers::info': 'deserialization_error',
      'engine::workers::list': 'none',
      'engine::workers::info': 'deserialization_error',
      'engine::register_trigger': 'deserialization_error',
      'engine::unregister_trigger': 'deserialization_error',
      'engine::trigger-types::list': 'function_not_found',
    });
  });

  check('§20.29 triggers can be bound and released by function', async () => {
    const { ask } = await world();
    const { id } = (await ask('engine::register_trigger', {
      trigger_type: 'hook',
      function_id: 'math::add',
      config: { path: '/y' },
    })) as { id: string };
    expect(await ask('engine::registered-triggers::info', { id })).toMatchObject({ config: { path: '/y' } });
    expect(await ask('engine::unregister_trigger', { id })).toEqual({ removed: true });
    expect(await ask('engine::unregister_trigger', { id })).toEqual({ removed: false });
  });

  check(
    '§20.30 workers are listed when they told their process id, with nulls; those of the engine too',
    async () => {
      const { ask, list } = await world();
      const anonymous = await bench.wire();
      anonymous.announce({ name: 'browser' });
      await anonymous.settled();
      const rows = await list('engine::workers::list');
      expect(rows.map((row) => row.name)).toEqual([
        'asker',
        'iii-engine-functions',
        'iii-http',
        'iii-worker-manager',
        'math-worker',
      ]);
      expect(rows[4]).toMatchObject({
        description: 'adds',
        runtime: 'node',
        version: '0.22.1',
        status: 'connected',
        namespace: 'default',
        function_count: 3,
        isolation: null,
        ip_address: '127.0.0.1',
      });
      expect(rows[2]).toMatchObject({
        id: 'iii-http',
        runtime: 'engine',
        status: 'available',
        isolation: 'in-process',
        os: null,
        ip_address: null,
      });
      expect(await ask('engine::workers::info', { name: 'browser' })).toMatchObject({
        worker: { name: 'browser' },
      });
    },
  );
});
