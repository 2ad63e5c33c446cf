import { expect } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { type OfficialClient, offered, registerOfficial } from './official.js';
import { onBothDrivers } from './on-both-drivers.js';
import { REFUSED_OPS, UPDATE_VECTORS } from './update-vectors.js';

interface StateEvent {
  readonly event_type: string;
  readonly scope: string;
  readonly key: string;
  readonly old_value: unknown;
  readonly new_value: unknown;
}

const config = (state: string) => `
workers:
  - name: iii-worker-manager
    config: { port: 0 }
  - name: iii-state
    config: ${state}
`;
const STORES = {
  'in memory': '{ adapter: { name: kv, config: { store_method: in_memory } } }',
  'on disk': '{}',
} as const;

/** The state as a program with the official client has it. */
class State {
  readonly events: StateEvent[] = [];
  #waiting: Array<() => void> = [];
  #functions = 0;

  constructor(readonly client: OfficialClient) {}

  call<T = unknown>(name: string, payload: unknown): Promise<T> {
    return this.client.trigger<unknown, T>({ function_id: `state::${name}`, payload });
  }

  async code(name: string, payload: unknown): Promise<string> {
    return this.call(name, payload).then(
      () => 'none',
      (error: { code: string }) => error.code,
    );
  }

  /** Binds a function that remembers its events. */
  watch(trigger: object, condition?: () => unknown): void {
    const n = ++this.#functions;
    this.client.registerFunction(`watch::${n}`, async (event: StateEvent) => {
      this.events.push(event);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    if (condition !== undefined) this.client.registerFunction(`condition::${n}`, async () => condition());
    this.client.registerTrigger({
      type: 'state',
      function_id: `watch::${n}`,
      config: {
        ...trigger,
        ...(condition === undefined ? {} : { condition_function_id: `condition::${n}` }),
      },
    });
  }

  /** Resolves with the events, once there are so many. */
  async heard(count: number): Promise<StateEvent[]> {
    while (this.events.length < count) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    return this.events;
  }
}

for (const [store, state] of Object.entries(STORES)) {
  await onBothDrivers(
    `state ${store}`,
    (bench, check) => {
      let scopes = 0;
      const scope = () => `scope-${++scopes}`;
      const open = () => new State(bench.official('app'));

      for (const { row, stored, ops, newValue, errors = [] } of UPDATE_VECTORS) {
        check(`§6.1 row ${row}: update, what it tells, stores and fires`, async () => {
          const app = open();
          const address = { scope: scope(), key: 'k' };
          if (stored !== undefined) await app.call('set', { ...address, value: stored });
          app.watch(address);
          const result = await app.call<{ errors?: Array<{ op_index: number; code: string }> }>('update', {
            ...address,
            ops,
          });
          expect(result).toMatchObject({ old_value: stored ?? null, new_value: newValue });
          expect((result.errors ?? []).map(({ op_index, code }) => `${op_index}:${code}`)).toEqual(errors);
          expect('errors' in result).toBe(errors.length > 0);
          // Null is a stored value, and the client tells it from none.
          expect(await app.call('get', address)).toEqual(newValue);
          // The last event there is: everything before it has been fired by then.
          await app.call('delete', address);
          const event = { ...address, old_value: stored ?? null, new_value: newValue };
          const event_type = stored === undefined ? 'state:created' : 'state:updated';
          expect(await app.heard(2)).toMatchObject([
            { ...event, event_type },
            { event_type: 'state:deleted' },
          ]);
        });
      }

      check('§6.1 row 25: an increment beyond what JavaScript counts', async () => {
        const wire = await bench.worker('app');
        const address = `"scope":"${scope()}","key":"k"`;
        const call = async (name: string, rest: string) => {
          const id = wire.nextId();
          wire.send(
            `{"type":"invokefunction","invocation_id":"${id}","function_id":"state::${name}","data":{${address}${rest}}}`,
          );
          await wire.take(({ type, invocation_id }) => type === 'invocationresult' && invocation_id === id);
          return wire.texts.find((text) => text.includes(id)) ?? '';
        };
        await call('set', ',"value":{"c":9223372036854775807}');
        await call('update', ',"ops":[{"type":"increment","path":"c","by":1}]');
        expect(await call('get', '')).toContain('{"c":9223372036854775808}');
      });

      for (const [what, ops] of REFUSED_OPS) {
        check(`§6.1 row 49: ${what} fails the whole call`, async () => {
          const app = open();
          const address = { scope: scope(), key: 'k' };
          app.watch(address);
          expect(await app.code('update', { ...address, ops })).toBe('deserialization_error');
          expect(await app.call('get', address)).toBeUndefined();
          await app.call('set', { ...address, value: 1 });
          expect(await app.heard(1)).toMatchObject([{ event_type: 'state:created' }]);
        });
      }

      check('§6.2 rows 1, 2 and 8: nothing is told from null', async () => {
        const app = open();
        const address = { scope: scope(), key: 'k' };
        expect(await app.call('get', address)).toBeUndefined();
        expect(await app.call('list', { scope: address.scope })).toEqual([]);
        await app.call('set', { ...address, value: null });
        expect(await app.call('get', address)).toBeNull();
        const wire = await bench.worker('plain');
        expect(await wire.call('state::get', address)).toHaveProperty('result', null);
        expect(await wire.call('state::get', { ...address, key: 'none' })).not.toHaveProperty('result');
      });

      check('§6.2 rows 3, 4 and 5: set', async () => {
        const app = open();
        const address = { scope: scope(), key: 'k' };
        expect(await app.call('set', { ...address, value: 1 })).toEqual({ old_value: null, new_value: 1 });
        expect(await app.call('set', { ...address, data: 2 })).toEqual({ old_value: 1, new_value: 2 });
        expect(await app.call('get', address)).toBe(2);
        expect(await app.code('set', address)).toBe('deserialization_error');
        expect(await app.code('set', { ...address, value: undefined })).toBe('deserialization_error');
        expect(await app.code('set', { ...address, value: 1, data: 1 })).toBe('deserialization_error');
        expect(await app.code('list_groups', null)).toBe('deserialization_error');
      });

      check('§6.2 rows 6, 7 and 14: delete, and what is fired', async () => {
        const app = open();
        const address = { scope: scope(), key: 'k' };
        app.watch({ scope: address.scope });
        expect(await app.call('delete', address)).toBeUndefined();
        await app.call('set', { ...address, value: { a: 1 } });
        await app.call('set', { ...address, value: { a: 1 } });
        expect(await app.call('delete', address)).toEqual({ a: 1 });
        const of = { type: 'state', ...address };
        expect(await app.heard(4)).toEqual([
          { ...of, event_type: 'state:deleted', old_value: null, new_value: null },
          { ...of, event_type: 'state:created', old_value: null, new_value: { a: 1 } },
          { ...of, event_type: 'state:updated', old_value: { a: 1 }, new_value: { a: 1 } },
          { ...of, event_type: 'state:deleted', old_value: { a: 1 }, new_value: null },
        ]);
      });

      check('§6.2 rows 9 and 10: lists', async () => {
        const app = open();
        const [beta, alpha] = [`beta-${scope()}`, `alpha-${scope()}`];
        for (const key of ['c', 'a', 'b']) await app.call('set', { scope: beta, key, value: key });
        await app.call('set', { scope: alpha, key: 'k', value: 1 });
        expect(await app.call('list', { scope: beta })).toEqual(['c', 'a', 'b']);
        const { groups } = await app.call<{ groups: string[] }>('list_groups', {});
        expect(groups.filter((name) => [alpha, beta].includes(name))).toEqual([alpha, beta]);
        expect(groups).toEqual([...new Set(groups)].sort());
      });

      check(
        '§6.2 row 11: a trigger hears of its scope, with a set right behind its registration',
        async () => {
          const app = open();
          const [mine, other] = [scope(), scope()];
          app.watch({ scope: mine });
          await app.call('set', { scope: other, key: 'k', value: 1 });
          await app.call('set', { scope: mine, key: 'k', value: 2 });
          expect(await app.heard(1)).toMatchObject([{ scope: mine, new_value: 2 }]);
        },
      );

      // The official engine runs the handler unless the result is `false`; ours keeps to the documentation (DESIGN D7).
      for (const [verdict, runs] of [
        ['false', true],
        [1, true],
        [true, true],
        [null, false],
        [0, false],
        [false, false],
        [new Error('no'), false],
      ] as const) {
        const shown = verdict instanceof Error ? 'an error' : JSON.stringify(verdict);
        check(`§6.2 rows 12 and 13: a condition that gives ${shown}`, async () => {
          const app = open();
          const address = { scope: scope(), key: 'k' };
          app.watch(address, () => {
            if (verdict instanceof Error) throw verdict;
            return verdict;
          });
          app.watch(address, () => true);
          await app.call('set', { ...address, value: 1 });
          await app.heard(runs ? 2 : 1);
          await app.call('delete', address);
          await app.heard(runs ? 4 : 2);
          expect(app.events).toHaveLength(runs ? 4 : 2);
        });
      }

      check('a second registration under a live id replaces the first', async () => {
        const wire = await bench.worker('app');
        const [first, second] = [scope(), scope()];
        const bind = (function_id: string, of: string) =>
          wire.send({
            type: 'registertrigger',
            id: BINDING,
            trigger_type: 'state',
            function_id,
            config: { scope: of },
          });
        wire.offer('watch::first').offer('watch::second');
        bind('watch::first', first);
        bind('watch::second', second);
        await wire.call('state::set', { scope: first, key: 'k', value: 1 });
        await wire.call('state::set', { scope: second, key: 'k', value: 2 });
        const { function_id, data } = await wire.invocation();
        expect([function_id, data]).toMatchObject(['watch::second', { scope: second, new_value: 2 }]);
        expect(wire.frames.filter(({ type }) => type === 'invokefunction')).toEqual([]);
      });

      check('§1.5 updates from 50 clients at once are all counted', async () => {
        const address = { scope: scope(), key: 'n' };
        const ops = [{ type: 'increment', path: 'n', by: 1 }];
        const clients = Array.from({ length: 50 }, (_, n) => new State(bench.official(`client-${n}`)));
        await Promise.all(
          clients.map(async (client) => {
            for (let n = 0; n < 20; n++) await client.call('update', { ...address, ops });
          }),
        );
        expect(await clients[0]?.call('get', address)).toEqual({ n: 1_000 });
      });

      check('events of one key arrive in order, however many write it', async () => {
        const app = open();
        const address = { scope: scope(), key: 'n' };
        app.watch(address);
        const ops = [{ type: 'increment', path: '', by: 1 }];
        await Promise.all(Array.from({ length: 200 }, () => app.call('update', { ...address, ops })));
        const counted = (await app.heard(200)).map(({ new_value }) => new_value);
        expect(counted).toEqual(Array.from({ length: 200 }, (_, n) => n + 1));
      });
    },
    { config: config(state) },
  );
}

const BINDING = '00000000-0000-4000-8000-00000000b1d0';

await onBothDrivers(
  'the configuration of state',
  (bench, check) => {
    /** Resolves once the engine runs on what has been saved. */
    const reloaded = async (count: number) => {
      const applied = () => bench.engine.lines.filter((line) => line.includes('reload: success'));
      while (applied().length < count) await new Promise((resolve) => setImmediate(resolve));
    };

    check('§6.2 rows 15 and 16: limits and triggers change while it runs', async () => {
      const app = new State(bench.official('app'));
      const address = { scope: 's', key: 'k' };
      app.watch(address);
      await app.call('set', { ...address, value: '123456' });
      expect(await app.code('set', { ...address, value: '1234567' })).toBe('VALUE_TOO_LARGE');
      bench.engine.configure(config('{ triggers_enabled: false }'));
      await reloaded(1);
      await app.call('set', { ...address, value: '1234567' });
      bench.engine.configure(config('{ triggers_enabled: true }'));
      await reloaded(2);
      await app.call('set', { ...address, value: 3 });
      expect((await app.heard(2)).map(({ new_value }) => new_value)).toEqual(['123456', 3]);
    });

    check('§6.2 row 17: what was acknowledged is there after SIGKILL, in order', async () => {
      await using home = EngineProcess.home(config('{}'));
      const first = await EngineProcess.start({ driver: bench.driver, home });
      const writer = registerOfficial(first.url, 'writer');
      const before = new State(writer);
      await offered(writer, 'state::set');
      const acknowledged: string[] = [];
      const write = async (n: number) => {
        await before.call('set', { scope: 's', key: `k${n}`, value: n });
        acknowledged.push(`k${n}`);
      };
      const writes = Promise.allSettled(Array.from({ length: 300 }, (_, n) => write(n)));
      while (acknowledged.length < 100) await new Promise((resolve) => setImmediate(resolve));
      await first.stop('SIGKILL');
      await writer.shutdown();
      await writes;
      const second = await EngineProcess.start({ driver: bench.driver, home });
      const reader = registerOfficial(second.url, 'reader');
      try {
        await offered(reader, 'state::list');
        const items = await new State(reader).call<Array<{ key: string; value: number }>>('list', {
          scope: 's',
          with_keys: true,
        });
        const keys = items.map(({ key }) => key);
        expect(acknowledged.filter((key) => !keys.includes(key))).toEqual([]);
        expect(keys).toEqual(Array.from({ length: keys.length }, (_, n) => `k${n}`));
      } finally {
        await reader.shutdown();
        await second.stop();
      }
    });

    check(
      'an adapter that is not there keeps the engine from starting, and says which there are',
      async () => {
        const start = EngineProcess.start({
          driver: bench.driver,
          config: config('{ adapter: { name: redis } }'),
        });
        await expect(start).rejects.toThrow('expected "kv", not "redis"');
      },
    );
  },
  { config: config('{ max_value_bytes: 8 }') },
);
