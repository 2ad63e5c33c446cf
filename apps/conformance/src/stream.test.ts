import { once } from 'node:events';
import { createStream } from 'official-iii-sdk/helpers';
import { expect } from 'vitest';
import { offered } from './official.js';
import { type Bench, onBothDrivers } from './on-both-drivers.js';
import { Arrivals, bound, StreamEnd, type StreamEnvelope, streamCall } from './stream-end.js';
import { REFUSED_OPS, UPDATE_VECTORS } from './update-vectors.js';

const STORES = { 'in memory': 'in_memory', 'on disk': 'file_based' } as const;
const config = (method: string) => `
workers:
  - { name: iii-worker-manager, config: { port: 0 } }
  - { name: iii-stream, config: { port: 0, adapter: { name: kv, config: { store_method: ${method} } } } }
`;

let names = 0;
/** Of a test of its own. */
const newName = () => `stream-${++names}`;
const at = (stream_name: string, item_id = 'a', group_id = 'g') => ({ stream_name, group_id, item_id });

async function failure(call: Promise<unknown>): Promise<{ code: string; message: string }> {
  return call.then(
    () => expect.unreachable('the call did not fail'),
    (error: { code: string; message: string }) => error,
  );
}

async function withSocket(bench: Bench, use: (end: StreamEnd) => Promise<void>): Promise<void> {
  const end = await StreamEnd.open(bench.engine.streamUrl);
  try {
    await use(end);
  } finally {
    end.socket.terminate();
  }
}

for (const [where, method] of Object.entries(STORES)) {
  await onBothDrivers(
    `streams kept ${where}`,
    (bench, check) => {
      for (const { row, stored, ops, newValue, errors = [] } of UPDATE_VECTORS) {
        check(`§6.1 row ${row}: stream::update, what it tells, stores and fires`, async () => {
          const app = bench.official('app');
          const stream = newName();
          const events = new Arrivals<StreamEnvelope>();
          if (stored !== undefined) await streamCall(app, 'set', { ...at(stream), data: stored });
          await bound(app, 'stream', { stream_name: stream }, events.put);
          const result = await streamCall<{ errors?: Array<{ op_index: number; code: string }> }>(
            app,
            'update',
            {
              ...at(stream),
              ops,
            },
          );
          expect(result).toMatchObject({ old_value: stored ?? null, new_value: newValue });
          expect((result.errors ?? []).map(({ op_index, code }) => `${op_index}:${code}`)).toEqual(errors);
          expect('errors' in result).toBe(errors.length > 0);
          expect(await streamCall(app, 'get', at(stream))).toEqual(newValue);
          await streamCall(app, 'delete', at(stream));
          const type = stored === undefined ? 'create' : 'update';
          expect((await events.next()).event).toEqual({ type, data: newValue });
          expect((await events.next()).event).toEqual({ type: 'delete', data: newValue });
        });
      }

      for (const [what, ops] of REFUSED_OPS) {
        check(`§6.1 row 49: stream::update with ${what} fails as a whole`, async () => {
          const app = bench.official('app');
          const stream = newName();
          const { code } = await failure(streamCall(app, 'update', { ...at(stream), ops }));
          expect(code).toBe('deserialization_error');
          expect(await streamCall(app, 'list_groups', { stream_name: stream })).toEqual([]);
        });
      }

      check('§6.1 row 25, §0.2: integers of 64 bits are exact, in results and on sockets', async () => {
        const wire = await bench.worker('app');
        const stream = newName();
        const address = `"stream_name":"${stream}","group_id":"g","item_id":"a"`;
        await withSocket(bench, async (end) => {
          await end.join(stream, 'g');
          const send = async (operation: string, more: string) => {
            const id = wire.nextId();
            wire.send(
              `{"type":"invokefunction","invocation_id":"${id}","function_id":"stream::${operation}","data":{${address},${more}}}`,
            );
            await wire.take((frame) => frame.type === 'invocationresult' && frame.invocation_id === id);
            return wire.texts.at(-1);
          };
          await send('set', '"data":{"c":9223372036854775807}');
          expect(await send('update', '"ops":[{"type":"increment","path":"c","by":1}]')).toContain(
            '"new_value":{"c":9223372036854775808}',
          );
          expect(await end.text()).toContain('"data":{"c":9223372036854775807}');
          expect(await end.text()).toContain('"data":{"c":9223372036854775808}');
        });
      });

      check('§6.3 row 1, 3, 4: a group is synced, then followed', async () => {
        const app = bench.official('app');
        const stream = newName();
        await withSocket(bench, async (end) => {
          const sync = await end.join(stream, 'g');
          expect(sync).toEqual({
            type: 'stream',
            timestamp: expect.any(Number),
            streamName: stream,
            groupId: 'g',
            id: null,
            event: { type: 'sync', data: [] },
          });
          expect(await streamCall(app, 'set', { ...at(stream), data: { v: 1 } })).toEqual({
            old_value: null,
            new_value: { v: 1 },
          });
          expect(await streamCall(app, 'set', { ...at(stream), data: 2 })).toEqual({
            old_value: { v: 1 },
            new_value: 2,
          });
          expect(await streamCall(app, 'delete', at(stream))).toEqual({ old_value: 2 });
          expect(await streamCall(app, 'delete', at(stream))).toEqual({ old_value: null });
          const sent = { stream_name: stream, group_id: 'g', type: 'typing', data: { by: 'ada' } };
          expect(await streamCall(app, 'send', sent)).toBeNull();
          expect(await end.next()).toMatchObject({ id: 'a', event: { type: 'create', data: { v: 1 } } });
          expect(await end.event()).toEqual({ type: 'update', data: 2 });
          expect(await end.event()).toEqual({ type: 'delete', data: 2 });
          expect(await end.next()).toMatchObject({
            id: null,
            event: { type: 'event', event: { type: 'typing', data: { by: 'ada' } } },
          });
        });
      });

      check(
        '§6.3 row 2, 5: an item that is missing is synced as null, and hears of itself only',
        async () => {
          const app = bench.official('app');
          const stream = newName();
          await withSocket(bench, async (end) => {
            expect(await end.join(stream, 'g', 'a')).toMatchObject({
              id: 'a',
              event: { type: 'sync', data: null },
            });
            await streamCall(app, 'send', { stream_name: stream, group_id: 'g', type: 't', data: 1 });
            await streamCall(app, 'set', { ...at(stream, 'b'), data: 1 });
            await streamCall(app, 'set', { ...at(stream, 'a'), data: 2 });
            expect(await end.event()).toEqual({ type: 'create', data: 2 });
          });
        },
      );

      check('§6.3 row 6, 7: a join is refused by {unauthorized: true} and by a failure alone', async () => {
        const app = bench.official('app');
        const stream = newName();
        await bound<{ group_id: string }>(app, 'stream:join', { stream_name: stream }, ({ group_id }) => {
          if (group_id === 'throws') throw new Error('no');
          return group_id === 'secret' ? { unauthorized: true } : {};
        });
        await withSocket(bench, async (end) => {
          expect((await end.join(stream, 'secret', undefined, 's1')).event).toEqual({ type: 'unauthorized' });
          expect((await end.join(stream, 'throws', undefined, 's2')).event).toEqual({ type: 'unauthorized' });
          expect((await end.join(stream, 'open', undefined, 's3')).event).toEqual({ type: 'sync', data: [] });
          for (const group of ['secret', 'throws', 'open'])
            await streamCall(app, 'set', { ...at(stream, 'a', group), data: group });
          expect((await end.event()).data).toBe('open');
        });
      });

      check('§6.3 row 8: garbage is ignored', async () => {
        await withSocket(bench, async (end) => {
          for (const nothing of ['', 'garbage', '{}', '{"type":"join"}', Buffer.of(0xff, 0xfe, 0)])
            end.socket.send(nothing);
          expect((await end.join(newName(), 'g')).event).toEqual({ type: 'sync', data: [] });
        });
      });

      check('§6.3 row 9: a socket that closes leaves each of its subscriptions', async () => {
        const app = bench.official('app');
        const stream = newName();
        const left = new Arrivals<object>();
        await bound(app, 'stream:leave', { stream_name: stream }, left.put);
        await withSocket(bench, async (end) => {
          await end.join(stream, 'g', undefined, 's1');
          await end.join(stream, 'g', 'a', 's2');
          end.socket.close();
          const common = { stream_name: stream, group_id: 'g', context: null };
          expect(await left.next()).toEqual({ ...common, subscription_id: 's1', id: null });
          expect(await left.next()).toEqual({ ...common, subscription_id: 's2', id: 'a' });
        });
      });

      check('§6.3 row 10: two subscriptions for one event get it twice', async () => {
        const app = bench.official('app');
        const stream = newName();
        await withSocket(bench, async (end) => {
          await end.join(stream, 'g', undefined, 's1');
          await end.join(stream, 'g', 'a', 's2');
          await streamCall(app, 'set', { ...at(stream), data: 1 });
          expect([await end.event(), await end.event()]).toEqual(Array(2).fill({ type: 'create', data: 1 }));
        });
      });

      check(
        '§6.3 row 11, §2.5: other paths are 404, and plain requests are told what is served',
        async () => {
          const base = bench.engine.streamUrl.replace('ws:', 'http:');
          expect((await fetch(`${base}/other`)).status).toBe(404);
          expect((await fetch(base)).status).toBe(426);
          const { WebSocket } = await import('ws');
          const socket = new WebSocket(`${bench.engine.streamUrl}/other`);
          socket.on('error', () => {});
          const [, response] = (await once(socket, 'unexpected-response')) as [
            unknown,
            { statusCode: number },
          ];
          expect(response.statusCode).toBe(404);
          socket.terminate();
        },
      );

      check('§2.13.15: a documented path joins by itself', async () => {
        const app = bench.official('app');
        const stream = newName();
        await streamCall(app, 'set', { ...at(stream), data: 1 });
        const group = await StreamEnd.open(`${bench.engine.streamUrl}/stream/${stream}/g`);
        const item = await StreamEnd.open(`${bench.engine.streamUrl}/stream/${stream}/g/a`);
        expect([await group.event(), await item.event()]).toEqual([
          { type: 'sync', data: [1] },
          { type: 'sync', data: 1 },
        ]);
        for (const { socket } of [group, item]) socket.terminate();
      });

      check('§6.3 row 12, 13: an empty group_id is every group; no stream_name is refused', async () => {
        const app = bench.official('app');
        const stream = newName();
        const events = new Arrivals<StreamEnvelope>();
        await bound(app, 'stream', { stream_name: stream, group_id: '' }, events.put);
        for (const group of ['g', 'h']) {
          await streamCall(app, 'set', { ...at(stream, 'a', group), data: 1 });
          expect(await events.next()).toMatchObject({
            type: 'stream',
            streamName: stream,
            groupId: group,
            id: 'a',
          });
        }
        const wire = await bench.worker('lax');
        wire.send({
          type: 'registertrigger',
          id: 'lax',
          trigger_type: 'stream',
          function_id: 'f',
          config: {},
        });
        const refused = await wire.frame(({ type }) => type === 'triggerregistrationresult');
        expect(refused.error).toMatchObject({ code: 'trigger_registration_failed' });
        expect(JSON.stringify(refused.error)).toContain('stream_name is missing');
        expect(await streamCall(app, 'list_groups', { stream_name: stream })).toEqual(['g', 'h']);
      });

      check('§6.3 row 14: a stream that a program keeps is asked, and its answers are events', async () => {
        const app = bench.official('app');
        const stream = newName();
        const items = new Map<string, unknown>();
        createStream(app, stream, {
          get: async ({ item_id }) => items.get(item_id) ?? null,
          set: async ({ item_id, data }) => {
            const old_value = items.get(item_id);
            items.set(item_id, data);
            return { old_value, new_value: data };
          },
          delete: async ({ item_id }) => {
            const old_value = items.get(item_id);
            items.delete(item_id);
            return { old_value };
          },
          list: async () => [...items.values()],
          listGroups: async () => ['mine'],
          update: async () => null,
        });
        await offered(app, `stream::list_groups(${stream})`);
        const events = new Arrivals<StreamEnvelope>();
        await bound(app, 'stream', { stream_name: stream }, events.put);
        await streamCall(app, 'set', { ...at(stream), data: { n: 1 } });
        expect(items.get('a')).toEqual({ n: 1 });
        expect(await streamCall(app, 'get', at(stream))).toEqual({ n: 1 });
        expect(await streamCall(app, 'list', { stream_name: stream, group_id: 'g' })).toEqual([{ n: 1 }]);
        expect(await streamCall(app, 'list_groups', { stream_name: stream })).toEqual(['mine']);
        // Official clients offer no update: it is made of the operations there are (§2.13.12).
        const ops = [{ type: 'increment', path: 'n', by: 1 }];
        expect(await streamCall(app, 'update', { ...at(stream), ops })).toEqual({
          old_value: { n: 1 },
          new_value: { n: 2 },
        });
        expect(await streamCall(app, 'delete', at(stream))).toEqual({ old_value: { n: 2 } });
        expect(await streamCall(app, 'get', at(stream))).toBeUndefined();
        expect(
          [await events.next(), await events.next(), await events.next()].map(({ event }) => event),
        ).toEqual([
          { type: 'create', data: { n: 1 } },
          { type: 'update', data: { n: 2 } },
          { type: 'delete', data: { n: 2 } },
        ]);
      });

      check('§6.3 row 15, 16, 17: what a provider answers wrongly', async () => {
        const app = bench.official('app');
        const stream = newName();
        let answer: unknown;
        app.registerFunction(`stream::set(${stream})`, async () => answer);
        app.registerFunction(`stream::get(${stream})`, async () => {
          throw new Error('not today');
        });
        await offered(app, `stream::get(${stream})`);
        const set = () => streamCall(app, 'set', { ...at(stream), data: 1 });
        expect((await failure(set())).code).toBe('STREAM_SET_ERROR');
        answer = { old_value: 1 };
        expect((await failure(set())).code).toBe('JSON_ERROR');
        const wire = await bench.worker('wire');
        const direct = (await wire.call(`stream::get(${stream})`, at(stream))).error as {
          code: string;
          message: string;
        };
        const passed = (await wire.call('stream::get', at(stream))).error as {
          code: string;
          message: string;
        };
        expect([passed.code, passed.message]).toEqual([direct.code, direct.message]);
      });

      check('§6.3 row 18: all streams are listed', async () => {
        const app = bench.official('app');
        const stream = newName();
        for (const group of ['g2', 'g1'])
          await streamCall(app, 'set', { ...at(stream, 'a', group), data: 1 });
        const all = await streamCall<{ stream: Array<{ id: string; groups: string[] }>; count: number }>(
          app,
          'list_all',
          {},
        );
        expect(all.stream).toContainEqual({ id: stream, groups: ['g1', 'g2'] });
        expect(all.count).toBe(all.stream.length);
      });

      check('§0.2: a missing item has no result, and one that is null has', async () => {
        const wire = await bench.worker('wire');
        const stream = newName();
        expect(await wire.call('stream::get', at(stream))).not.toHaveProperty('result');
        await wire.call('stream::set', { ...at(stream), data: null });
        expect(await wire.call('stream::get', at(stream))).toHaveProperty('result', null);
      });

      check(
        '§0.6, §2.3: calls belong to the trace of their write, but for streams of those who watch',
        async () => {
          const wire = await bench.worker('wire');
          const trace = (n: number) => `00-${String(n).repeat(32)}-${String(n).repeat(16)}-01`;
          const [plain, watching] = [newName(), `iii:devtools:${newName()}`];
          wire.offer('traced');
          for (const stream of [plain, watching])
            wire.send({
              type: 'registertrigger',
              id: stream,
              trigger_type: 'stream',
              function_id: 'traced',
              config: { stream_name: stream },
            });
          const set = (stream: string, n: number) =>
            wire.call('stream::set', { ...at(stream), data: n }, { traceparent: trace(n) });
          await set(plain, 1);
          await set(plain, 2);
          await set(watching, 3);
          const seen = new Map<unknown, unknown>();
          for (let n = 0; n < 3; n++) {
            const call = await wire.invocation();
            const { event } = call.data as StreamEnvelope;
            seen.set(event.data, String(call.traceparent).slice(0, 35));
            wire.respond(call, { result: null });
          }
          expect(seen.get(1)).toBe(trace(1).slice(0, 35));
          expect(seen.get(2)).toBe(trace(2).slice(0, 35));
          expect(seen.get(3)).not.toBe(trace(3).slice(0, 35));
        },
      );

      check('§2.11: lists are in the order items came to be', async () => {
        const app = bench.official('app');
        const stream = newName();
        for (const id of ['c', '10', 'a', '2']) await streamCall(app, 'set', { ...at(stream, id), data: id });
        await streamCall(app, 'set', { ...at(stream, 'c'), data: 'C' });
        const list = () => streamCall(app, 'list', { stream_name: stream, group_id: 'g' });
        expect(await list()).toEqual(['C', '10', 'a', '2']);
        expect(await streamCall(app, 'list', { stream_name: newName(), group_id: 'g' })).toEqual([]);
      });
    },
    { config: config(method) },
  );
}
