import { expect, it } from 'vitest';
import { EngineProcess } from './engine-process.js';
import { onBothDrivers } from './on-both-drivers.js';
import { gate, QueueClient, Seen } from './queue-client.js';

const ADAPTERS = {
  memory: '{ name: in_memory }',
  disk: '{ name: builtin, config: { store_method: file_based } }',
} as const;

const config = (adapter: string, queues: string) => `
workers:
  - name: iii-worker-manager
    config: { port: 0 }
  - name: iii-queue
    config: { adapter: ${adapter}, queue_configs: { ${queues} } }
`;

const VARIABLE = '$' + '{III_CONFORMANCE_NO_SUCH_CONCURRENCY:7}';

for (const [store, adapter] of Object.entries(ADAPTERS)) {
  await onBothDrivers(
    `spec/worker-queue.md §15.5: a configuration that changes while jobs run in ${store},`,
    (bench, check) => {
      const connect = () => new QueueClient(bench.official('app'));

      /** Saves a configuration, and resolves once the log tells of it. */
      async function configure(text: string, told = /reload: success/): Promise<void> {
        const before = bench.engine.lines.length;
        bench.engine.configure(text);
        await expect
          .poll(() => bench.engine.lines.slice(before).join('\n'), { timeout: 10_000 })
          .toMatch(told);
      }

      check(
        `§15.5 a queue that is added takes jobs, and another concurrency counts at once (${store})`,
        async () => {
          const app = connect();
          await expect(app.enqueue('added', 'f', {})).rejects.toThrow(/not found/);
          await configure(config(adapter, 'added: { concurrency: 1 }'));
          const seen = new Seen<number>();
          const end = gate();
          await app.offer('config::work', async (n: number) => {
            seen.note(n);
            await end.passed;
          });
          for (let n = 0; n < 3; n++) await app.enqueue('added', 'config::work', n);
          await seen.reach(1);
          expect(await app.stats('added')).toMatchObject({ in_flight: 1, waiting: 2 });
          await configure(config(adapter, 'added: { concurrency: 3 }'));
          expect(await seen.reach(3)).toEqual([0, 1, 2]);
          end.open();
          await app.drained('added');
          expect(await app.stats('added')).toMatchObject({ delivered: 3, failed: 0 });
        },
      );

      check(
        `§15.5 a queue that is removed takes none, and has its jobs when it is back (${store})`,
        async () => {
          const app = connect();
          await configure(config(adapter, 'gone: { concurrency: 2 }'));
          const seen = new Seen<string>();
          const { messageReceiptId: message_id } = await app.enqueue('gone', 'config::later', 'kept');
          await configure(config(adapter, ''));
          await expect(app.enqueue('gone', 'config::later', {})).rejects.toMatchObject({
            code: 'enqueue_error',
            message: expect.stringMatching(/not found/),
          });
          await app.offer('config::later', seen.note);
          await app.enqueue('default', 'config::later', 'default');
          expect(await seen.reach(1)).toEqual(['default']);
          expect(await app.call('iii::queue::get', { message_id })).toMatchObject({ payload: 'kept' });
          await configure(config(adapter, 'gone: { concurrency: 2 }'));
          expect(await seen.reach(2)).toEqual(['default', 'kept']);
          await app.drained('gone');
        },
      );

      check(
        `§15.5 queues that contradict themselves are refused, and everything runs as before (${store})`,
        async () => {
          const app = connect();
          await configure(config(adapter, 'good: { concurrency: 4 }'));
          for (const [queues, told] of [
            ['bad: { type: fifo }', /bad.*message_group_field/],
            ['bad: { type: invalid_type }', /refused.*bad.*invalid_type/],
            ['bad: { concurrency: 0 }', /refused.*bad.*concurrency/],
            ['bad: { max_priority: 0 }', /refused.*bad.*max_priority/],
            ['bad: { max_retrys: 1 }', /refused.*bad.*max_retrys.*max_retries/],
          ] as const) {
            await configure(config(adapter, `good: { concurrency: 9 }, ${queues}`), told);
            expect(await app.stats('good')).toMatchObject({ consumer_count: 4 });
            await expect(app.enqueue('bad', 'f', {})).rejects.toThrow(/not found/);
          }
          const seen = new Seen<unknown>();
          await app.offer('config::good', seen.note);
          await app.enqueue('good', 'config::good', 1);
          expect(await seen.reach(1)).toEqual([1]);
          await app.drained('good');
        },
      );

      check(
        `§15.5 another store is refused while it runs, and jobs are where they were (${store})`,
        async () => {
          const app = connect();
          await configure(config(adapter, 'kept: {}'));
          const { messageReceiptId: message_id } = await app.enqueue('kept', 'config::absent', {});
          for (const [other, told] of [
            ['{ name: kafka }', /refused.*adapter/],
            ['{ name: redis, config: { redis_url: "redis://127.0.0.1:1" } }', /refused.*adapter/],
            ['{ name: builtin, config: { fast: true } }', /refused.*fast/],
            ['{ name: builtin, config: { file_path: ./elsewhere } }', /jobs are kept in.*restart the worker/],
          ] as const) {
            await configure(config(other, 'kept: {}, more: {}'), told);
            await expect(app.enqueue('more', 'f', {})).rejects.toThrow(/not found/);
          }
          expect(await app.call('iii::queue::cancel', { message_id })).toEqual({ cancelled: true });
        },
      );

      check(`§15.5 variables are filled in (${store})`, async () => {
        await configure(config(adapter, `spelled: { concurrency: ${VARIABLE} }`));
        expect(await connect().stats('spelled')).toMatchObject({ consumer_count: 7 });
      });

      check(`§15.7 none of the jobs that flow meanwhile is lost or runs twice (${store})`, async () => {
        const app = connect();
        const settings = (concurrency: number) =>
          config(adapter, `flow: { concurrency: ${concurrency} }, other: { concurrency: ${concurrency} }`);
        await configure(settings(1));
        const seen = new Seen<number>();
        await app.offer('config::flow', seen.note);
        const jobs = 2_000;
        const handedIn = Promise.all(
          Array.from({ length: jobs }, (_, n) => app.enqueue('flow', 'config::flow', n)),
        );
        for (let concurrency = 2; concurrency <= 6; concurrency++) await configure(settings(concurrency));
        await handedIn;
        await seen.reach(jobs);
        await app.drained('flow');
        expect(seen.all).toHaveLength(jobs);
        expect(new Set(seen.all).size).toBe(jobs);
        expect(await app.stats('flow')).toMatchObject({ delivered: jobs, failed: 0, consumer_count: 6 });
      });
    },
    { config: config(adapter, '') },
  );
}

it('§15.5 an engine does not start with a queue that contradicts itself, and names the queue and the field', async () => {
  const start = (queues: string) =>
    EngineProcess.start({ driver: 'node', config: config(ADAPTERS.memory, queues) }).then((engine) =>
      engine.stop(),
    );
  await expect(start('orders: { type: fifo }')).rejects.toThrow(/orders.*message_group_field/);
  await expect(start('orders: { concurrency: 0 }')).rejects.toThrow(/orders.*concurrency/);
});
